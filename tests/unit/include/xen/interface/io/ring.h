/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The types of Xen's shared ring, with which tests compare the layouts of the
 * code under test.  Its macros are left out.
 */
#ifndef _SHIM_XEN_RING_H
#define _SHIM_XEN_RING_H

#include <linux/types.h>

#define DEFINE_RING_TYPES(name, req_t, rsp_t)				\
union name##_sring_entry {						\
	req_t req;							\
	rsp_t rsp;							\
};									\
struct name##_sring {							\
	uint32_t req_prod, req_event;					\
	uint32_t rsp_prod, rsp_event;					\
	uint8_t __pad[48];						\
	union name##_sring_entry ring[1];				\
};									\
struct name##_front_ring {						\
	uint32_t req_prod_pvt, rsp_cons;				\
	unsigned int nr_ents;						\
	struct name##_sring *sring;					\
};									\
struct name##_back_ring {						\
	uint32_t rsp_prod_pvt, req_cons;				\
	unsigned int nr_ents;						\
	struct name##_sring *sring;					\
}

#endif
