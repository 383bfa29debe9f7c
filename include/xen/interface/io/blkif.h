/* SPDX-License-Identifier: MIT */
/*
 * Block-device interface between a Xen frontend and backend.
 *
 * This header is the specification: the wire format in C, and in comments
 * every rule that the C types cannot express.
 */

#ifndef __XEN_PUBLIC_IO_BLKIF_H__
#define __XEN_PUBLIC_IO_BLKIF_H__

#include <xen/interface/io/ring.h>
#include <xen/interface/grant_table.h>

/*
 * Units and types
 * ===============
 *
 * Sectors in requests and in the "sectors" key always count 512 bytes,
 * whatever "sector-size" says.  A page is 4096 bytes on every architecture.
 * Multi-byte fields are in the byte order of the frontend's CPU, which Xen
 * requires to be the backend's too.
 */
typedef uint16_t blkif_vdev_t;
typedef uint64_t blkif_sector_t;

/*
 * XenStore
 * ========
 *
 * "B" keys stand in the backend's directory and are written by the backend
 * (or, marked "T", by the toolstack); "F" keys stand in the frontend's.
 * A key that is absent has the default.  A boolean is 0 or 1.
 *
 * Backend:
 *
 *  mode                      T  "r" or "w"
 *  params, type, dev         T  private to the backend's host
 *  physical-device           T  "major:minor" in hexadecimal, written by the
 *                               hotplug script once the device is ready
 *  online                    T  0: do not wait for another connection
 *  sectors                   B  capacity in 512-byte units; required when
 *                               Connected.  A change is announced by writing
 *                               the Connected state again.
 *  sector-size               B  logical block size, default 512
 *  physical-sector-size      B  default: sector-size
 *  info                      B  bitmap of VDISK_*
 *  feature-barrier           B  default 0: BLKIF_OP_WRITE_BARRIER is taken
 *  feature-flush-cache       B  default 0: BLKIF_OP_FLUSH_DISKCACHE is taken
 *  feature-persistent        B  default 0: the backend may keep grants mapped
 *  feature-max-indirect-segments
 *                            B  default 0 (no BLKIF_OP_INDIRECT): how many
 *                               segments one indirect request may carry
 *  max-ring-page-order       B  default 0: log2 of the most ring pages
 *  multi-queue-max-queues    B  default 1
 *
 * Frontend:
 *
 *  virtual-device            T  the number the disk appears under
 *  device-type               T  "disk" or "cdrom"
 *  trusted                   T  default 1; 0: give the backend no page that
 *                               holds anything but the data of the request
 *  protocol                  F  XEN_IO_PROTO_ABI_*; default: "x86_32-abi" on x86
 *                               of either width, else the backend's own
 *  ring-page-order           F  default: the key is absent and "ring-ref"
 *                               names the only page; otherwise the pages are
 *                               "ring-ref0", "ring-ref1", ...
 *  ring-ref, ring-ref%u      F  grant references of the ring's pages
 *  event-channel             F  port of the event channel
 *  feature-persistent        F  default 0: all grants are reused, and pages
 *                               are not taken back after a request
 *  multi-queue-num-queues    F  default 1.  With more than one, ring-ref* and
 *                               event-channel stand in queue-0/, queue-1/, ...
 *                               and not at the top.
 *
 * States
 * ======
 *
 *      frontend                            backend
 *      Initialising                        Initialising
 *                                          (offers its keys)
 *                                          InitWait
 *      (chooses, makes rings, writes keys)
 *      Initialised
 *                                          (maps the rings, writes sectors...)
 *                                          Connected
 *      (reads sectors..., adds the disk)
 *      Connected
 *
 * Either side leaves by Closing and then Closed.  A frontend that finds the
 * backend in Connected before it has written its keys writes them all the
 * same; states that repeat are not an error.
 */

/* "info" */
#define VDISK_CDROM		0x1
#define VDISK_REMOVABLE		0x2
#define VDISK_READONLY		0x4

/*
 * Operations
 * ==========
 *
 * READ and WRITE move the segments, in order, from or to consecutive sectors.
 *
 * WRITE_BARRIER completes after every earlier request of its ring, before any
 * later one, and only when it and all completed writes are durable.
 *
 * FLUSH_DISKCACHE completes when all writes that were completed before it was
 * issued are durable.  It may carry data, which is written after the flush.
 *
 * INDIRECT is a READ or WRITE whose segments stand in pages of their own.
 *
 * A peer may answer BLKIF_RSP_EOPNOTSUPP to WRITE_BARRIER, FLUSH_DISKCACHE
 * and DISCARD at any time, whatever it offered; the frontend then stops
 * using the operation.
 */
#define BLKIF_OP_READ			0
#define BLKIF_OP_WRITE			1
#define BLKIF_OP_WRITE_BARRIER		2
#define BLKIF_OP_FLUSH_DISKCACHE	3
#define BLKIF_OP_RESERVED_1		4
#define BLKIF_OP_DISCARD		5
#define BLKIF_OP_INDIRECT		6

/* Most segments inside a request slot, and most indirect grant references. */
#define BLKIF_MAX_SEGMENTS_PER_REQUEST		11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST	8

/* Status of a response. */
#define BLKIF_RSP_OKAY		0
#define BLKIF_RSP_ERROR		-1
#define BLKIF_RSP_EOPNOTSUPP	-2

/* blkif_request_discard.flag */
#define BLKIF_DISCARD_SECURE	(1 << 0)

/*
 * One page or a part of one: sectors first_sect to last_sect, both included,
 * of the granted page; 0 <= first_sect <= last_sect <= 7.  In a slot and in
 * an indirect page alike an entry takes 8 bytes.
 */
struct blkif_request_segment {
	grant_ref_t	gref;
	uint8_t		first_sect, last_sect;
};

/*
 * The request as a 64-bit x86 frontend, and every frontend whose ABI aligns
 * 64-bit integers to 8 bytes, lays it out: 112 bytes.  A 32-bit x86 frontend
 * ("protocol" = "x86_32-abi") has no pad at offset 4, so that all that follows
 * stands 4 bytes earlier, and a slot is 108 bytes.
 */
struct blkif_request_rw {
	uint8_t		nr_segments;
	blkif_vdev_t	handle;
#ifndef __i386__
	uint32_t	_pad1;
#endif
	uint64_t	id;
	blkif_sector_t	sector_number;
	struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
} __attribute__((__packed__));

struct blkif_request_discard {
	uint8_t		flag;
	blkif_vdev_t	_pad1;
#ifndef __i386__
	uint32_t	_pad2;
#endif
	uint64_t	id;
	blkif_sector_t	sector_number;
	uint64_t	nr_sectors;
	uint8_t		_pad3;
} __attribute__((__packed__));

struct blkif_request_other {
	uint8_t		_pad1;
	blkif_vdev_t	_pad2;
#ifndef __i386__
	uint32_t	_pad3;
#endif
	uint64_t	id;
} __attribute__((__packed__));

/* The pages hold struct blkif_request_segment, 512 each. */
struct blkif_request_indirect {
	uint8_t		indirect_op;
	uint16_t	nr_segments;
#ifndef __i386__
	uint32_t	_pad1;
#endif
	uint64_t	id;
	blkif_sector_t	sector_number;
	blkif_vdev_t	handle;
	uint16_t	_pad2;
	grant_ref_t	indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
#ifndef __i386__
	uint32_t	_pad3;
#endif
} __attribute__((__packed__));

struct blkif_request {
	uint8_t operation;
	union {
		struct blkif_request_rw rw;
		struct blkif_request_discard discard;
		struct blkif_request_other other;
		struct blkif_request_indirect indirect;
	} u;
} __attribute__((__packed__));

/*
 * id is the request's; operation too, and of an indirect request the inner
 * one.  12 bytes for x86_32-abi, 16 otherwise.
 */
struct blkif_response {
	uint64_t	id;
	uint8_t		operation;
	int16_t		status;
};

/*
 * The shared ring: a header of 64 bytes (see ring.h), then as many slots of
 * the size of a request as fit, rounded down to a power of two.
 */
DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

/*
 * Slim requests
 * =============
 *
 * Negotiated by "request-format"; see there.  One layout for every ABI, little
 * endian, naturally aligned, 32 bytes a request and 16 a response, so that
 * none straddles a cache line.  What a request does not use is zero, and a
 * request in which it is not is refused; likewise for responses.
 *
 * A READ, WRITE or FLUSH_DISKCACHE of at most two segments stands in its slot:
 * count is the number of segments, first and last name sectors of the granted
 * pages as in struct blkif_request_segment, and the segments follow one
 * another on the disk from sector on.
 *
 * Larger READs and WRITEs are INDIRECT: count is the inner operation, and the
 * entries stand in the pages gref[0], gref[1], ..., 256 to a page, all but the
 * last page full.  As every entry carries its own sector, one request may
 * cover several extents of the disk.  Unused references are zero.
 *
 * DISCARD takes sector and nr_sectors; flags are BLKIF_DISCARD_*.
 *
 * lap is zero on the shared ring; for separate rings see there.
 */
#define BLKIF_SLIM_MAX_TABLES	4
#define BLKIF_SLIM_MAX_ENTRIES	1024

struct blkif_slim_request {
	uint8_t		lap;
	uint8_t		operation;
	uint8_t		count;
	uint8_t		flags;
	union {
		struct {
			uint8_t		first0, last0;
			uint8_t		first1, last1;
		} rw;
		struct {
			uint16_t	nr_entries;
			uint16_t	nr_pi;
		} indirect;
		uint32_t	reserved;
	} h;
	uint64_t	id;
	union {
		struct {
			blkif_sector_t	sector;
			grant_ref_t	gref[2];
		} rw;
		struct {
			grant_ref_t	gref[BLKIF_SLIM_MAX_TABLES];
		} indirect;
		struct {
			blkif_sector_t	sector;
			uint64_t	nr_sectors;
		} range;
	} u;
};

struct blkif_slim_entry {
	blkif_sector_t	sector;
	grant_ref_t	gref;
	uint8_t		first_sect, last_sect;
	uint16_t	reserved;
};

struct blkif_slim_response {
	uint64_t	id;
	uint32_t	reserved;
	int16_t		status;
	uint8_t		operation;
	uint8_t		lap;
};

/*
 * Numbers of virtual devices: bit 28 set, the disk in bits 8 to 27 and the
 * partition in bits 0 to 7; or a Linux device number of old, major * 256 +
 * minor, of an IDE disk, a SCSI disk or major 202.
 */
#define VDEV_EXT_SHIFT			28

#endif /* __XEN_PUBLIC_IO_BLKIF_H__ */
