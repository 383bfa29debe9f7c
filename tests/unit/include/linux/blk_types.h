/* SPDX-License-Identifier: GPL-2.0 */
/* Statuses of the block layer, with the numbers that they have in Linux. */
#ifndef _SHIM_LINUX_BLK_TYPES_H
#define _SHIM_LINUX_BLK_TYPES_H

#include <linux/types.h>

typedef u8 blk_status_t;

#define BLK_STS_OK		0
#define BLK_STS_NOTSUPP		1
#define BLK_STS_TIMEOUT		2
#define BLK_STS_NOSPC		3
#define BLK_STS_TRANSPORT	4
#define BLK_STS_TARGET		5
#define BLK_STS_MEDIUM		7
#define BLK_STS_PROTECTION	8
#define BLK_STS_RESOURCE	9
#define BLK_STS_IOERR		10
#define BLK_STS_AGAIN		12
#define BLK_STS_OFFLINE		17

#endif
