/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to XenStore, the same in both drivers.
 */

#ifndef _XEN_BLKIF_XENSTORE_H
#define _XEN_BLKIF_XENSTORE_H

#include <xen/xenbus.h>

/**
 * blkif_transaction() - write to XenStore in a transaction
 * @write: writes the keys; called again if the transaction has to be repeated
 * @data: argument of @write
 *
 * Context: Process context; sleeps.
 * Return: 0, the error that @write returned, or that of the transaction.
 */
static inline int blkif_transaction(int (*write)(struct xenbus_transaction xbt,
						 void *data), void *data)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = write(xbt, data);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

#endif /* _XEN_BLKIF_XENSTORE_H */
