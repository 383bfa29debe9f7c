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
 * Sectors in requests and in keys always count 512 bytes, whatever
 * "sector-size" says; but each segment and each range of a request begins and
 * ends on a logical block, that is, at a multiple of "sector-size".  A page is
 * 4096 bytes on every architecture.
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
 *  mode                      T  "r" or "w"; may be rewritten at any time, but a
 *                               disk that was connected as "r" stays read-only
 *  params, type, dev         T  private to the backend's host
 *  discard-enable            T  default 1; 0: do not offer to discard
 *  physical-device           T  "major:minor" in hexadecimal, written by the
 *                               hotplug script once the device is ready
 *  online                    T  0: do not wait for another connection
 *  sectors                   B  capacity in 512-byte units; required when
 *                               Connected.  A change is announced by writing
 *                               the Connected state again.
 *  sector-size               B  logical block size, default 512
 *  physical-sector-size      B  default: sector-size
 *  optimal-io-size           B  in bytes, a multiple of sector-size; default 0:
 *                               the disk prefers none.  A hint.
 *  info                      B  bitmap of VDISK_*.  Of these, READONLY may change,
 *                               which is announced likewise.
 *  feature-barrier           B  default 0: BLKIF_OP_WRITE_BARRIER is taken
 *  feature-flush-cache       B  default 0: BLKIF_OP_FLUSH_DISKCACHE is taken
 *  feature-discard           B  default 0: BLKIF_OP_DISCARD is taken
 *  discard-granularity       B  in bytes, default: sector-size; 0 is the same
 *                               as absent.  What is smaller may be discarded in
 *                               name only.
 *  discard-alignment         B  in bytes, default 0: where the first granule
 *                               begins
 *  discard-secure            B  default 0: BLKIF_DISCARD_SECURE is taken
 *  max-discard-sectors       B  default: no limit; 0 is the same as absent.  A
 *                               frontend should not discard more by one
 *                               request; frontends of old do not know the key,
 *                               and the backend takes what they send.
 *  feature-persistent        B  default 0: the backend may keep grants mapped
 *  feature-max-indirect-segments
 *                            B  0 to 4096, default 0 (no BLKIF_OP_INDIRECT but
 *                               in slim requests): how many segments one
 *                               indirect request may carry
 *  max-ring-page-order       B  0 to 4, default 0: log2 of the most ring pages
 *  multi-queue-max-queues    B  1 to 256, default 1
 *  feature-slim-requests     B  default 0: "request-format" may be "slim"
 *  feature-separate-rings    B  default 0: "ring-layout" may be "split"
 *  max-ring-alignment        B  64 or 128, default 64: largest
 *                               "ring-alignment"
 *  max-slim-indirect-entries B  0 to 1024, default 0 (no indirect slim
 *                               requests): how many entries one may carry
 *  feature-fua               B  default 0: slim WRITEs may have BLKIF_SLIM_FUA
 *  feature-write-zeroes      B  default 0: slim BLKIF_OP_WRITE_ZEROES is taken
 *  max-write-zeroes-sectors  B  default: no limit; 0 is the same as absent.
 *                               The most of one request.
 *  max-discard-ranges        B  1 to 256, default 1: how many ranges a slim
 *                               DISCARD may have
 *  feature-integrity         B  default: the key is absent; otherwise the
 *                               profile of the protection information that the
 *                               disk keeps with its data, and that slim READs
 *                               and WRITEs may have: see there
 *  integrity-interval        B  required with feature-integrity: bytes of data
 *                               that each tuple goes with, a power of two, 512
 *                               to sector-size
 *  integrity-tuple-size      B  likewise: bytes of a tuple, 8
 *
 * Frontend:
 *
 *  virtual-device            T  the number the disk appears under
 *  virtual-device-ext        T  the same, where virtual-device is absent
 *  device-type               T  "disk" or "cdrom"
 *  trusted                   T  default 1; 0: give the backend no page that
 *                               holds anything but the data of the request
 *  protocol                  F  XEN_IO_PROTO_ABI_*, or "slim", see
 *                               request-format; default: "x86_32-abi" on
 *                               x86 of either width, else the backend's own
 *  ring-page-order           F  0 to max-ring-page-order, default 0: log2 of
 *                               the pages of the shared or the request ring
 *  ring-ref, ring-ref%u      F  grant references of the shared ring's pages, in
 *                               order: "ring-ref0", "ring-ref1", ...; of a ring
 *                               of one page "ring-ref", and a backend then
 *                               takes "ring-ref0", too
 *  event-channel             F  port of the event channel
 *  feature-persistent        F  default 0; 1: all grants are reused, and pages
 *                               are not taken back after a request, if the
 *                               backend's key is 1, too.  It may be written
 *                               whatever that is.
 *  multi-queue-num-queues    F  1 to multi-queue-max-queues, default 1.  With
 *                               more than one, *ring-ref* and
 *                               event-channel stand in queue-0/, queue-1/, ...
 *                               and not at the top.
 *  request-format            F  absent: the format of "protocol"; "slim": slim
 *                               requests, and "protocol" does not matter.  It
 *                               should be "slim" then, so that a backend that
 *                               does not know this key refuses, rather than take
 *                               up a ring that it misreads.
 *  ring-layout               F  absent: one shared ring a queue; "split":
 *                               separate rings, which implies slim requests
 *  ring-alignment            F  64, or 128 if max-ring-alignment is; default
 *                               64: line size of separate rings
 *  req-ring-ref%u            F  with separate rings, instead of ring-ref*: the
 *                               1 << ring-page-order pages with requests
 *  rsp-ring-ref%u            F  and the pages with responses, as many as are
 *                               needed for as many slots
 *  integrity                 F  default: the key is absent; otherwise the value
 *                               of feature-integrity: requests may have
 *                               protection information.  The only key that is
 *                               written after the backend is Connected, as only
 *                               then it is known what the disk has.
 *
 * Numbers are decimal digits and nothing else, and but for "sectors" below
 * 2^32; "virtual-device" and "virtual-device-ext" may also be hexadecimal, with
 * 0x.  What a "%u" stands for is counted from 0.  Of an offered boolean any
 * number but 0 means 1; an offer above the legal values, which a later version
 * may make, means the largest of them, and one that is no number means the
 * default.  Keys that are not named here are ignored.
 *
 * What the other side has to do about a key:
 *
 *  - Offers and limits ("feature-...", "max-...", "multi-queue-max-queues")
 *    bind the frontend: what was not offered it neither asks for nor sends,
 *    and a backend may refuse it, the connection or the request, even where it
 *    could do it.  A backend keeps its offer until the connection ends.
 *  - "sector-size": each request begins and ends at a multiple of it on the
 *    disk, and so does each run of its segments that follow one another
 *    there.  A power of two from 512 to 4096, or the frontend gives up.
 *  - "info": a frontend refuses to write to a disk with VDISK_READONLY, and a
 *    backend refuses what is written to it all the same.
 *  - "feature-persistent" on both sides: every page that the frontend grants
 *    for data, or for entries of the existing format, stays granted, writable,
 *    as long as the connection, and is used over and over.  (Slim entries and
 *    protection information are different: see there.)
 *    The backend may keep any number of these pages mapped until it is Closed,
 *    and drop any whenever no request uses it.  If one side lacks it, the
 *    backend has let go of all pages of a request when it answers.
 *  - "request-format", "ring-layout", "ring-alignment", "ring-page-order",
 *    "multi-queue-num-queues": the backend reads requests, maps pages and looks
 *    for the others' keys as they say, or refuses the connection.
 *  - "ring-ref*", "req-ring-ref*", "rsp-ring-ref*", "event-channel": all there
 *    for each queue, or the connection is refused.  Each page is granted to
 *    the backend's domain and each port is bound by it before it is Connected.
 *
 * Pages of data are granted at least readable for what is written to the disk,
 * and writable for what is read from it; pages of entries at least readable.
 * Entries stay as they are while their request is in flight.  What changes in
 * the data of a write meanwhile may get to the disk or not.
 *
 * A backend writes what it offers before InitWait, and what depends on the
 * disk before Connected.  A frontend that finds no offer uses the existing format on a shared ring, and a backend that finds
 * no choice expects it.  A frontend must not ask for what was not offered, nor
 * write a key that is not a number where one is due: the backend then refuses
 * the connection, says why in its error node, and goes to Closing.  Everything
 * is chosen anew at every connection; nothing is remembered from an earlier
 * one.
 *
 * Of operations, the frontend chooses by using them.  A disk that is read-only
 * has no use for the offer to discard or to zero, and is not given it.
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
 *      (reads sectors..., writes integrity, adds the disk)
 *      Connected
 *
 *                                          (either side may begin)
 *      Closing                             Closing
 *      (no new requests; waits for what
 *       is in flight, for as long as it
 *       likes to)
 *      Closed
 *                                          (ends what it has begun, unmaps
 *                                           all pages, unbinds all ports)
 *                                          Closed
 *      (ends its grants)
 *      Initialising, to begin anew
 *                                          InitWait, if "online" is 1; else
 *                                          the device is gone
 *
 * The frontend must not use a page of an unanswered request, or of a ring, for
 * anything else before the backend is Closed, or gone.  A backend whose disk
 * does not answer may be Closed before that page is unmapped; then the
 * frontend must not use it before its grant can be ended.
 *
 * A backend's driver may be exchanged under a frontend that goes on: the new one
 * offers its keys and is in InitWait, where the other was Connected.  The driver
 * that went has ended what it took, and has nothing mapped any more.
 *
 *      frontend                            backend
 *      Connected                           InitWait
 *                                          shared ring: takes it up where the
 *                                           indexes say
 *                                          Connected
 *      separate rings:
 *      (puts nothing on them any more)
 *      Closed
 *                                          Closed
 *      (takes its rings down; what was not
 *       answered will be issued anew)
 *      Initialising, to begin anew
 *                                          InitWait
 *
 * Where to go on with separate rings is not to be found in them, and at their
 * first slots there may be requests that were done long ago.  So a backend takes
 * up only separate rings that were made for it: those of a frontend that it has
 * seen in Initialising, or finds in Initialised, since it came to InitWait.  It
 * leaves alone those of one that it finds Connected.  A frontend puts no request
 * on separate rings before it is Connected.  One that is Connected, has separate
 * rings and finds the backend in InitWait goes to Closed.
 *
 * A frontend may stop without a word, and another driver take its place, as when
 * a guest's kernel crashes and a second one saves what is left.  A backend that
 * finds the frontend in Initialising while it has a connection ends that, as if
 * the frontend were Closed, and goes to InitWait.  There, or after it was
 * Closed, it removes "request-format", "ring-layout", "ring-alignment" and
 * "integrity" of the frontend before if it may write to the frontend's
 * directory: a driver that does not know them would leave them.
 *
 * A frontend that begins at Initialising may find the backend Closed still, or
 * Connected to the one before it, and waits for InitWait.  A backend that owes
 * answers to the connection before connects when it has given them, and is in
 * InitWait until then.
 *
 * After its domain was saved and restored, a frontend finds another backend,
 * and begins at Initialising without having been Closed.  It issues anew what
 * was not answered.
 *
 * Who finds that the other side breaks the rules says why in a key "error",
 * which stands in /local/domain/D/error/P for a domain D whose directory for
 * the device is P, and goes to Closing.
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
 * DISCARD tells that a range of the disk is of no use until it is written
 * again.  What is read of it until then is not specified, but is never what
 * another domain wrote.  The backend may do less than it is told, and cuts a
 * range as its disk needs; a range without sectors is in order.  With
 * BLKIF_DISCARD_SECURE, all copies of the range that the disk has made are
 * erased, and a backend that cannot do that says so and does not discard.
 *
 * WRITE_ZEROES makes a range read as zeroes.  The range stays allocated, but
 * with BLKIF_SLIM_UNMAP the backend may deallocate what it has no need to keep
 * to make it read so.  Slim requests only.
 *
 * INDIRECT is a READ or WRITE whose segments stand in pages of their own, or a
 * slim DISCARD whose ranges do.
 *
 * None of these but WRITE_BARRIER holds up another.  Requests in flight at the
 * same time are carried out in any order; if they touch the same sectors, the
 * outcome is that of some order.
 *
 * A backend may answer BLKIF_RSP_EOPNOTSUPP to WRITE_BARRIER, FLUSH_DISKCACHE,
 * DISCARD (with BLKIF_DISCARD_SECURE or without), WRITE_ZEROES, and a WRITE with
 * BLKIF_SLIM_FUA at any time, whatever it offered; the frontend then stops
 * using that, and does what is still to be done by other means.  Nothing may be
 * assumed of the range, or of the data, of a request that ended so.
 */
#define BLKIF_OP_READ			0
#define BLKIF_OP_WRITE			1
#define BLKIF_OP_WRITE_BARRIER		2
#define BLKIF_OP_FLUSH_DISKCACHE	3
#define BLKIF_OP_RESERVED_1		4
#define BLKIF_OP_DISCARD		5
#define BLKIF_OP_INDIRECT		6
#define BLKIF_OP_WRITE_ZEROES		7

/* Most segments inside a request slot, and most indirect grant references. */
#define BLKIF_MAX_SEGMENTS_PER_REQUEST		11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST	8

/*
 * Status of a response.  A request that was not done as a whole has failed.
 * The first three are all that a request of the existing format can get; a slim
 * one gets the others where they say more than ERROR:
 *
 *  MEDIUM      the disk cannot read or write these sectors
 *  NOSPC       nothing is left to put the data on
 *  PROTECTION  protection information and data do not match
 *  TIMEOUT     the disk did not answer in time
 *  OFFLINE     the disk is not there at present
 *
 * A status that the frontend does not know means the same as ERROR.
 */
#define BLKIF_RSP_OKAY		0
#define BLKIF_RSP_ERROR		-1
#define BLKIF_RSP_EOPNOTSUPP	-2
#define BLKIF_RSP_MEDIUM	-3
#define BLKIF_RSP_NOSPC		-4
#define BLKIF_RSP_PROTECTION	-5
#define BLKIF_RSP_TIMEOUT	-6
#define BLKIF_RSP_OFFLINE	-7

/* blkif_request_discard.flag, and of slim DISCARDs */
#define BLKIF_DISCARD_SECURE	(1 << 0)

/*
 * Flags of slim requests.  Each goes with the operations named here, in a slot
 * or INDIRECT, and the others refuse it.
 *
 *  FUA      WRITE: complete only when the data of this request is durable
 *  UNMAP    WRITE_ZEROES: the range may be deallocated
 *  PI       READ and WRITE, INDIRECT only: there is protection information
 */
#define BLKIF_SLIM_FUA		(1 << 1)
#define BLKIF_SLIM_UNMAP	(1 << 2)
#define BLKIF_SLIM_PI		(1 << 3)

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
 * The shared ring (see ring.h): a header of 64 bytes, then as many slots of the
 * size of a request as fit, rounded down to a power of two, S.
 *
 *    0 req_prod    4 req_event    8 rsp_prod    12 rsp_event
 *
 * are counts modulo 2^32.  The frontend sets the first and the third to 0, the
 * events to 1 and all else to 0 before it grants the pages, and then writes
 * req_prod, rsp_event and requests, the backend the others.  Request n is put
 * into slot n modulo S, and so is response n, whichever request it answers: the
 * backend copies a request before it publishes a response, and no more than S
 * requests are unanswered.  Slots up to a count are written before that count,
 * which is stored with release semantics and loaded with acquire semantics; a
 * count that leads the other side by more than there is room for, or goes
 * backwards, is an error of its writer.  When to notify is told by the event
 * words in the same way as with separate rings, below.
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
 * A READ, WRITE, WRITE_BARRIER or FLUSH_DISKCACHE of at most two segments
 * stands in its slot: count is the number of segments, first and last name
 * sectors of the granted pages as in struct blkif_request_segment, and the
 * segments follow one another on the disk from sector on.  READ and WRITE have
 * at least one.  Where there is no segment, sector is zero like all else of
 * it.
 *
 * Larger READs and WRITEs are INDIRECT: count is the inner operation, and the
 * entries stand in the pages gref[0], gref[1], ..., 256 to a page, all but the
 * last page full.  There are at least one of them and no more than the
 * backend's "max-slim-indirect-entries".  As every entry carries its own
 * sector, one request may cover several extents of the disk.  Unused
 * references are zero.  nr_pi is how many entries follow that are not of data:
 * see below.  The pages may be read until the request is answered, and may be
 * granted read-only, whatever is said of persistent grants.
 *
 * DISCARD and WRITE_ZEROES take sector and nr_sectors.
 *
 * A DISCARD of several ranges, or of one, may be INDIRECT too: count is
 * DISCARD, nr_entries is the number of ranges, at most "max-discard-ranges",
 * and the page gref[0] begins with as many struct blkif_slim_range.  Ranges may
 * come in any order, and meet.  WRITE_ZEROES has no indirect form.
 *
 * On a shared ring slots are 32 bytes, requests and responses alike, and lap
 * is zero; for separate rings see below.
 *
 * A response has the id and the operation of its request; of an indirect one
 * the inner operation.  Ids are the frontend's and mean nothing to the backend;
 * no two requests in flight on one queue have the same.  A frontend that gets a
 * response with an id that is not in flight on that queue, or with another
 * operation, takes the backend for broken.
 *
 * What stands where, by byte:
 *
 *    request, up to two segments
 *       0 lap   1 operation   2 count   3 flags
 *       4 first0   5 last0   6 first1   7 last1
 *       8 id   16 sector   24 gref[0]   28 gref[1]
 *    request, INDIRECT
 *       0 lap   1 INDIRECT   2 count, the inner operation   3 flags
 *       4 nr_entries (2 bytes)   6 nr_pi (2 bytes)
 *       8 id   16 gref[0]   20 gref[1]   24 gref[2]   28 gref[3]
 *    request, DISCARD
 *       0 lap   1 operation   2 zero   3 flags   4 zero (4 bytes)
 *       8 id   16 sector   24 nr_sectors
 *    entry
 *       0 sector   8 gref   12 first_sect   13 last_sect   14 zero (2 bytes)
 *    response
 *       0 id   8 zero (4 bytes)   12 status (2 bytes)   14 operation   15 lap
 *
 * A request that is not in order in itself (an operation that does not exist or
 * was not offered, no segments or too many, a last sector before the first, the
 * end of the disk passed, a reserved bit) is answered with an error, and ends
 * nothing but itself.
 */
#define BLKIF_SLIM_MAX_INDIRECT_PAGES	4
#define BLKIF_SLIM_MAX_ENTRIES	1024
#define BLKIF_SLIM_MAX_RANGES	256

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
			grant_ref_t	gref[BLKIF_SLIM_MAX_INDIRECT_PAGES];
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

struct blkif_slim_range {
	blkif_sector_t	sector;
	uint64_t	nr_sectors;
};

struct blkif_slim_response {
	uint64_t	id;
	uint32_t	reserved;
	int16_t		status;
	uint8_t		operation;
	uint8_t		lap;
};

/*
 * Protection information
 * ======================
 *
 * A disk may keep a tuple with each interval of its data, by which whoever made
 * the data and whoever keeps it can tell that it is what it was, and where it
 * was.  "feature-integrity" says of what kind the tuples are:
 *
 *                        guard tag       reference tag
 *   T10-DIF-TYPE1-CRC    T10 CRC-16      number of the interval
 *   T10-DIF-TYPE1-IP     IP checksum     number of the interval
 *   T10-DIF-TYPE3-CRC    T10 CRC-16      not checked
 *   T10-DIF-TYPE3-IP     IP checksum     not checked
 *
 *   0     2 bytes   guard tag, of the data of the interval
 *   2     2 bytes   application tag, the frontend's
 *   4     4 bytes   reference tag
 *
 * all of them big endian, as T10 has them (but an IP checksum, which is as it
 * stands in a packet).  Intervals are counted from the start of the disk as the
 * frontend sees it, and the reference tag has the low 32 bits; where the
 * backend's disk is part of another, the backend has the tags adjusted on their
 * way.  Where the application tag is ffff, and for type 3 the reference tag
 * ffffffff as well, nothing is known of the data, and nobody checks it.
 *
 * An INDIRECT READ or WRITE with BLKIF_SLIM_PI has all the tuples of its data,
 * in the order of its segments and without gaps, in pages of their own: from
 * the first byte of the first page to the last byte of each page but the last,
 * which ends where they do.  So there are
 *
 *   bytes of data / integrity-interval * integrity-tuple-size
 *
 * bytes of them; nr_pi is the least number of pages that hold these, and any
 * other is refused.  The entries of the pages follow those of the data, in the
 * same tables and without a gap; all but gref is zero in them.  Both kinds
 * together are at most "max-slim-indirect-entries".  The pages are granted
 * writable for a READ, and at least readable for a WRITE.  Whatever is said of
 * persistent grants, the backend has let go of them when it answers.
 *
 * A READ or WRITE whose tuples do not match its data ends with
 * BLKIF_RSP_PROTECTION, if anybody on the backend's side finds out.  An answer
 * of OKAY to a READ does not mean that somebody has looked: the frontend has the
 * tuples so that it can.
 *
 * A READ or WRITE without BLKIF_SLIM_PI is in order on such a disk, too.  The
 * tuples of what it writes are made by the backend or its disk.
 */

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
 * All of the request ring's slots are used: (pages * 4096 - 2 A) / 32.  The
 * response ring uses as many, in (2 A + slots * 16) / 4096 pages, rounded up:
 *
 *    ring-page-order             0     1     2     3     4
 *    slots, A = 64             124   252   508  1020  2044
 *    slots, A = 128            120   248   504  1016  2040
 *    pages with requests         1     2     4     8    16
 *    pages with responses        1     2     3     5     9
 *
 * No slot straddles a page, and none a line.  As the number of slots is no
 * power of two, a slot is not found by dividing a count, which would go wrong
 * where counts wrap: each side keeps the place of its next slot, and goes on
 * from there.  What follows the last slot is not used, and zero.
 *
 * Laps.  Each side goes through the slots in order and round again, and counts
 * rounds: the first has lap 1, the next 2, then 1, 2, ...  All pages are zero
 * when the rings are granted, and 0 is no lap.  The producer writes a slot's
 * body and then, in one aligned 32-bit store with release semantics, the word
 * that holds the lap: bytes 0 to 3 of a request, bytes 12 to 15 of a
 * response.  Where an aligned 64-bit store is a single one, it may be of bytes
 * 0 to 7 or 8 to 15 instead.  Likewise the consumer, whatever the producer
 * does, loads that word, or those bytes, with acquire semantics; if the lap
 * is that of its own round, the slot is new.  It then copies the rest, once,
 * and must not look at the slot again.  If the lap is 0 or that of the round
 * before, the slot is not new, whatever is in it, and nothing behind it is
 * looked at.  A lap above 2 is an error of the producer, which is then taken
 * for broken.  There is no index.
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
 * at 1, and are set to that by the frontend.  A producer that has put slots
 * from count a to count b, and means to leave it at that for now, issues a
 * full barrier, reads its peer's event word e, and notifies if b - e < b - a,
 * modulo 2^32.  A consumer that finds no new slot writes its event word,
 * issues a full barrier, and looks at the next slot once more before it
 * sleeps.
 *
 * A backend asks for the next request.  A frontend may ask for a later response
 * than the next, but not for one that would need a request that it has yet to
 * make: rsp_event is at most the number of responses it has taken and of its
 * unanswered requests together.  It must not wait longer for that.  So a backend
 * that has put a response, did not have to notify of it by the rule above, and
 * finds rsp_event ahead of its count by no more than there are slots, notifies
 * all the same before it goes to sleep, and within a fraction of a millisecond
 * if it does not sleep.  A frontend that polls leaves rsp_event as it is.
 */
#define BLKIF_RING_EVENT_START	1

/*
 * Numbers of virtual devices: bit 28 set, the disk in bits 8 to 27 and the
 * partition in bits 0 to 7; or a Linux device number of old, major * 256 +
 * minor, of an IDE disk, a SCSI disk or major 202.
 */
#define VDEV_EXT_SHIFT			28

#endif /* __XEN_PUBLIC_IO_BLKIF_H__ */
