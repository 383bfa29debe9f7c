/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conversion between the status of a response and that of the block layer.
 */

#ifndef _XEN_BLKIF_STATUS_H
#define _XEN_BLKIF_STATUS_H

#include <linux/blk_types.h>
#include "cmd.h"

/* For both directions; the last row is for any status that is not listed. */
static const struct blkif_status {
	s16 wire;
	blk_status_t status;
} blkif_statuses[] = {
	{ BLKIF_RSP_OKAY, BLK_STS_OK },
	{ BLKIF_RSP_EOPNOTSUPP, BLK_STS_NOTSUPP },
	{ BLKIF_RSP_MEDIUM, BLK_STS_MEDIUM },
	{ BLKIF_RSP_NOSPC, BLK_STS_NOSPC },
	{ BLKIF_RSP_PROTECTION, BLK_STS_PROTECTION },
	{ BLKIF_RSP_TIMEOUT, BLK_STS_TIMEOUT },
	{ BLKIF_RSP_OFFLINE, BLK_STS_OFFLINE },
	{ BLKIF_RSP_ERROR, BLK_STS_IOERR },
};

/* Can the response to a request that is not slim have this status? */
static inline bool blkif_status_is_legacy(s16 wire)
{
	return wire >= BLKIF_RSP_EOPNOTSUPP;
}

/**
 * blkif_status_to_wire() - convert a status for a response
 * @slim: the request is slim; other requests have three statuses only
 * @status: status of the block layer
 *
 * Return: BLKIF_RSP_*.
 */
static inline s16 blkif_status_to_wire(bool slim, blk_status_t status)
{
	const struct blkif_status *row = blkif_statuses;

	while (row->status != status && row->status != BLK_STS_IOERR)
		row++;
	return slim || blkif_status_is_legacy(row->wire) ? row->wire :
							BLKIF_RSP_ERROR;
}

/**
 * blkif_status_from_wire() - convert the status of a response
 * @slim: the request is slim
 * @wire: the status in the response, unchecked
 *
 * Return: status of the block layer.
 */
static inline blk_status_t blkif_status_from_wire(bool slim, s16 wire)
{
	const struct blkif_status *row = blkif_statuses;

	while (row->wire != wire && row->wire != BLKIF_RSP_ERROR)
		row++;
	return slim || blkif_status_is_legacy(row->wire) ? row->status :
							BLK_STS_IOERR;
}

#endif /* _XEN_BLKIF_STATUS_H */
