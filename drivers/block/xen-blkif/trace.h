/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tracepoints of both drivers have in common.
 */

#ifndef _XEN_BLKIF_TRACE_H
#define _XEN_BLKIF_TRACE_H

/* The name of an operation, in TP_printk(). */
#define blkif_show_op(op)						\
	__print_symbolic(op,						\
			 { BLKIF_OP_READ, "READ" },			\
			 { BLKIF_OP_WRITE, "WRITE" },			\
			 { BLKIF_OP_WRITE_BARRIER, "BARRIER" },		\
			 { BLKIF_OP_FLUSH_DISKCACHE, "FLUSH" },		\
			 { BLKIF_OP_DISCARD, "DISCARD" },		\
			 { BLKIF_OP_WRITE_ZEROES, "WRITE_ZEROES" })

#endif /* _XEN_BLKIF_TRACE_H */
