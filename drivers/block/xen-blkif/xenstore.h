/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XenStore, as both drivers use it.  For the kernel only.
 */

#ifndef _XEN_BLKIF_XENSTORE_H
#define _XEN_BLKIF_XENSTORE_H

#include <xen/xenbus.h>

/**
 * blkif_transaction() - do something to XenStore as a whole or not at all
 * @write: does it; may be called more than once, when others interfere
 * @data: for @write
 *
 * Context: process context; sleeps.
 *
 * Return: 0, what @write returned if that is not 0, or the error of the
 * transaction itself.
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
