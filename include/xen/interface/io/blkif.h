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
 *  feature-slim-requests     B  default 0: "request-format" may be "slim"
 *  feature-separate-rings    B  default 0: "ring-layout" may be "split"
 *  max-ring-alignment        B  64 or 128, default 64: largest
 *                               "ring-alignment"
 *  max-slim-indirect-entries B  0 to 1024, default 0 (no indirect slim
 *                               requests): how many entries one may carry
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
 *  multi-queue-num-queues    F  default 1.  With more than one, *ring-ref* and
 *                               event-channel stand in queue-0/, queue-1/, ...
 *                               and not at the top.
 *  request-format            F  absent: the format of "protocol"; "slim": slim
 *                               requests, and "protocol" does not matter
 *  ring-layout               F  absent: one shared ring a queue; "split":
 *                               separate rings, which implies slim requests
 *  ring-alignment            F  64 or 128, default 64: line size of separate
 *                               rings
 *  req-ring-ref%u            F  with separate rings, instead of ring-ref*: the
 *                               1 << ring-page-order pages with requests
 *  rsp-ring-ref%u            F  and the pages with responses, as many as are
 *                               needed for as many slots
 *
 * A backend writes what it offers before InitWait, and what depends on the
 * disk before Connected.  A frontend that finds no offer uses the existing
 * format on a shared ring, and a backend that finds no choice expects it.  A
 * frontend must not ask for what was not offered, nor write a key that is not
 * a number where one is due: the backend then refuses the connection, says
 * why in its error node, and goes to Closing.  Everything is chosen anew at
 * every connection; nothing is remembered from an earlier one.
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
 * On a shared ring slots are 32 bytes, requests and responses alike, and lap
 * is zero; for separate rings see below.
 *
 * A response has the id and the operation of its request; of an indirect one
 * the inner operation.
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
 * Separate rings
 * ==============
 *
 * A queue has two rings, each in pages of its own with one writer:
 *
 *   request ring    1 << ring-page-order pages, written by the frontend and
 *                   granted read-only
 *   response ring   written by the backend, granted read-write; as few pages
 *                   as hold as many slots as the request ring has
 *
 * With lines of A = ring-alignment bytes, a ring's pages hold, from the start
 * of the first:
 *
 *   0     A bytes   spare, zero
 *   A     4 bytes   event word; the rest of the line is zero
 *   2 A   slots     of 32 bytes (requests) or 16 (responses), to the end of
 *                   that page and on through the others
 *
 * All of the request ring's slots are used: (pages * 4096 - 2 A) / 32, which
 * is 124 in a single page with A = 64.  The response ring uses as many.  No
 * slot straddles a page, and none a line.
 *
 * Laps.  Each side goes through the slots in order and round again, and counts
 * rounds: the first has lap 1, the next 2, then 1, 2, ...  All pages are zero
 * when the rings are granted, and 0 is no lap.  The producer writes a slot's
 * body and then, in one aligned 32-bit store with release semantics, the word
 * that holds the lap: bytes 0 to 3 of a request, bytes 12 to 15 of a response.
 * The consumer loads that word with acquire semantics; if the lap is that of
 * its own round, the slot is new.  It then copies the rest, once, and must not
 * look at the slot again.  A lap above 2 is an error of the producer.  There is
 * no index.
 *
 * Slots are not overwritten too early because a frontend never has more
 * requests unanswered than the request ring has slots, and a backend takes
 * requests in order.  A backend that finds a new slot although it owes as many
 * answers as there are slots treats the frontend as broken.  Responses come in
 * any order, one for each request.
 *
 * Event words.  Counts of slots, since the rings were granted, modulo 2^32.
 * The request ring's is rsp_event: the frontend wants a notification when the
 * backend has put that many responses.  The response ring's is req_event: the
 * backend wants one when the frontend has put that many requests.  Both start
 * at 1.  A producer that has put slots from count a to count b, and means to
 * leave it at that for now, issues a full barrier, reads its peer's event word
 * e, and notifies if b - e < b - a, modulo 2^32.  A consumer that finds no new
 * slot writes its event word, issues a full barrier, and looks at the next
 * slot once more before it sleeps.  e may lie ahead by more than one, if the
 * consumer has other means to come back in time.
 */
#define BLKIF_RING_EVENT_START	1

/*
 * Numbers of virtual devices: bit 28 set, the disk in bits 8 to 27 and the
 * partition in bits 0 to 7; or a Linux device number of old, major * 256 +
 * minor, of an IDE disk, a SCSI disk or major 202.
 */
#define VDEV_EXT_SHIFT			28

#endif /* __XEN_PUBLIC_IO_BLKIF_H__ */
