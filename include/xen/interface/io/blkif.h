/* SPDX-License-Identifier: MIT */
/*
 * Block device interface between a Xen frontend and a Xen backend.
 *
 * This header is the specification: the wire format in C, and in comments the
 * rules that C cannot express.  MUST, MUST NOT, SHOULD, SHOULD NOT and MAY are
 * used as in RFC 2119.
 *
 * It extends Xen's own xen/include/public/io/blkif.h, and what is defined
 * there means the same here.  The extensions are slim requests, separate
 * rings, FUA, write zeroes, several ranges in one discard, protection
 * information, and the keys and statuses that belong to them.
 */

#ifndef __XEN_PUBLIC_IO_BLKIF_H__
#define __XEN_PUBLIC_IO_BLKIF_H__

#include <xen/interface/io/ring.h>
#include <xen/interface/grant_table.h>

/*
 * Units
 * =====
 *
 * A sector is 512 bytes in every key and every request, whatever "sector-size"
 * says.  A logical block is "sector-size" bytes.  A page is 4096 bytes on
 * every architecture.  Fields of more than one byte are in the byte order of
 * the CPU, which is the same on both sides; in slim requests and separate
 * rings they are little endian.
 */
typedef uint16_t blkif_vdev_t;
typedef uint64_t blkif_sector_t;

/*
 * Keys
 * ====
 *
 * The two sides negotiate in XenStore.  Backend keys are in the backend's
 * directory of the device, frontend keys in the frontend's.  The column after
 * the name says who writes the key: B the backend, F the frontend, T the
 * toolstack or its hotplug scripts.  "%u" stands for numbers counted from 0.
 *
 * Numbers are written in decimal digits and nothing else.  They are below
 * 2^32, "sectors" below 2^64.  A boolean is 0 or 1.  A key that is absent has
 * its default.  The reader of an offer or a limit MUST take a boolean above 1
 * as 1, a number above the largest legal value as that value, and anything but
 * a number as the default.  A reader MUST ignore keys that it does not know.
 *
 * Keys of the backend
 * -------------------
 *
 *  state                   B  see States
 *  online                  T  0: the device is being removed, no connection
 *                             follows this one
 *  mode                    T  "r" or "w".  MAY be rewritten at any time, but a
 *                             disk that the backend opened as "r" stays
 *                             read-only
 *  physical-device         T  "major:minor" in hexadecimal, written when the
 *                             backend's device is ready
 *  params, type, dev       T  private to the backend's host
 *  removable               T  boolean, default 0; 1: as VDISK_REMOVABLE
 *  discard-enable          T  boolean, default 1; 0: the backend MUST NOT
 *                             offer discards
 *
 *  sectors                 B  capacity in sectors, a multiple of
 *                             physical-sector-size; required
 *  sector-size             B  logical block size in bytes, a power of two of
 *                             at least 512; default 512
 *  physical-sector-size    B  physical block size in bytes, a multiple of
 *                             sector-size; default: sector-size
 *  optimal-io-size         B  preferred size of requests in bytes, a multiple
 *                             of sector-size; default 0: none preferred
 *  info                    B  bitmap of VDISK_*; default 0
 *
 *  feature-barrier         B  boolean, default 0: BLKIF_OP_WRITE_BARRIER
 *  feature-flush-cache     B  boolean, default 0: BLKIF_OP_FLUSH_DISKCACHE
 *  feature-fua             B  boolean, default 0: BLKIF_SLIM_FUA
 *  feature-write-zeroes    B  boolean, default 0: BLKIF_OP_WRITE_ZEROES
 *  max-write-zeroes-sectors
 *                          B  most sectors of one request; default 0: no limit
 *  feature-discard         B  boolean, default 0: BLKIF_OP_DISCARD
 *  discard-granularity     B  size of a granule in bytes; default or 0:
 *                             sector-size
 *  discard-alignment       B  offset in bytes of the first granule on the
 *                             disk; default 0
 *  discard-secure          B  boolean, default 0: BLKIF_DISCARD_SECURE
 *  max-discard-sectors     B  most sectors of one request; default 0: no limit
 *  max-discard-ranges      B  1 to 256, default 1: most ranges of a slim
 *                             DISCARD
 *
 *  feature-persistent      B  boolean, default 0: the backend can keep grants
 *                             mapped
 *  feature-max-indirect-segments
 *                          B  0 to 4096, default 0: most segments of an
 *                             indirect request of the existing format; 0:
 *                             there is no such request
 *  max-ring-page-order     B  0 to 4, default 0: the largest ring-page-order
 *  multi-queue-max-queues  B  1 to 256, default 1
 *  feature-slim-requests   B  boolean, default 0: request-format "slim"
 *  max-slim-indirect-entries
 *                          B  0 to 1024, default 0: most entries of an
 *                             indirect slim READ or WRITE; 0: there is no
 *                             such request
 *  feature-separate-rings  B  boolean, default 0: ring-layout "split"
 *  max-ring-alignment      B  64 or 128, default 64: the largest
 *                             ring-alignment
 *
 *  feature-integrity       B  profile of the protection information that READs
 *                             and WRITEs can have; default: absent, none
 *  integrity-interval      B  required with feature-integrity: bytes of data
 *                             for each tuple, a power of two from 512 to
 *                             sector-size
 *  integrity-tuple-size    B  required with feature-integrity: bytes of a
 *                             tuple, 8
 *
 * Keys of the frontend
 * --------------------
 *
 *  state                   F  see States
 *  virtual-device          T  number of the disk, see Virtual devices
 *  virtual-device-ext      T  the same, where virtual-device is absent
 *  device-type             T  "disk", "cdrom", ...; a backend MUST treat types
 *                             that it does not know as "disk"
 *  trusted                 T  boolean, default 1; 0: the backend is not
 *                             trusted
 *
 *  protocol                F  layout of the existing format,
 *                             XEN_IO_PROTO_ABI_*; default
 *                             XEN_IO_PROTO_ABI_NATIVE.  "slim" with slim
 *                             requests.
 *  request-format          F  default: absent, the existing format; "slim":
 *                             slim requests
 *  ring-layout             F  default: absent, a shared ring; "split":
 *                             separate rings of slim requests
 *  ring-alignment          F  64 or 128, default 64: line size of separate
 *                             rings
 *  ring-page-order         F  default 0: log2 of the pages of the shared ring
 *                             or of the request ring
 *  ring-ref                F  grant reference of a shared ring of one page
 *  ring-ref%u              F  grant references of a shared ring of more pages,
 *                             in order
 *  req-ring-ref%u          F  grant references of the request ring, in order
 *  rsp-ring-ref%u          F  grant references of the response ring, in order
 *  event-channel           F  port of the event channel
 *  multi-queue-num-queues  F  default 1: queues.  If there are more than one,
 *                             the grant references and event-channel of queue
 *                             %u MUST be in queue-%u/, and MUST NOT be at the
 *                             top.
 *  feature-persistent      F  boolean, default 0: the frontend reuses grants
 *  integrity               F  the value of feature-integrity: requests can
 *                             have protection information; default: absent
 *
 * Keys of Xen's header that have no function here
 * -----------------------------------------------
 *
 *  physical-device-path    T  private to the backend's host
 *  direct-io-safe          T  allows the backend to use O_DIRECT; a backend
 *                             that needs no permission MAY ignore it
 *  max-ring-pages          B  DEPRECATED form of max-ring-page-order: the
 *                             number of pages.  MAY be written for older
 *                             frontends, and then MUST agree with it.
 *  num-ring-pages          F  DEPRECATED form of ring-page-order, likewise
 *  feature-large-sector-size
 *                          F  DEPRECATED.  MUST NOT be written or heeded.
 *
 * The toolstack's other keys in these directories (backend, frontend-id,
 * bootable, hotplug-status, ...) have no part in this protocol.
 *
 * What each key obliges
 * =====================
 *
 * Offers and limits ("feature-...", "max-...", "multi-queue-max-queues")
 *    A frontend MUST NOT choose or send what was not offered.  A backend MAY
 *    refuse the connection, or reject the request, of one that does, and MUST
 *    keep its offer as long as the connection lasts.  Without an offer, the
 *    frontend MUST use the existing format on a shared ring; without a choice,
 *    the backend MUST expect it.  Operations are chosen by using them.
 * Choices that the backend cannot follow
 *    A choice that was not offered, a value that is not legal, and a grant
 *    reference or event channel that is missing MUST make the backend refuse
 *    the connection.
 * sectors, info
 *    The backend MAY change "sectors" and VDISK_READONLY while it is
 *    Connected, and announces that by writing the state Connected again.  A
 *    frontend MUST NOT write to a disk with VDISK_READONLY, and the backend
 *    MUST reject requests that would.  The backend of a read-only disk SHOULD
 *    NOT offer discards and writes of zeroes.
 * sector-size
 *    Every segment MUST cover whole logical blocks of the disk, and MUST
 *    begin in its page at a multiple of sector-size; every range MUST consist
 *    of whole logical blocks.  A disk whose logical blocks are larger than a
 *    page can therefore not be used, and a frontend MUST refuse it.
 * discard-granularity, discard-alignment
 *    A backend that writes one of them SHOULD write both.  A DISCARD of the
 *    existing format MUST begin at a granule.  A range of a slim DISCARD
 *    SHOULD begin at one.  A backend MUST NOT reject requests that do not, as
 *    older frontends send them, but MAY ignore parts of a granule.
 * max-discard-sectors
 *    A frontend SHOULD NOT discard more in one request.  A backend MUST accept
 *    more, because older frontends do not know the key.
 * trusted
 *    A frontend that does not trust the backend MUST NOT grant it a page that
 *    holds anything but data of the request, and SHOULD check all that it
 *    receives.
 * protocol
 *    A frontend SHOULD write it, as the other side cannot know which ABI is
 *    native to the frontend: without the key, backends on x86 assume
 *    "x86_32-abi", others their own.  With slim requests, a backend MUST ignore
 *    the key.  Its value is "slim" then, so that a backend that does not know
 *    "request-format" refuses the connection rather than misread the ring.
 * ring-ref, ring-ref%u
 *    A backend MAY also accept "ring-ref0" for a ring of one page.
 * feature-persistent
 *    If it is 1 on both sides, the backend MAY keep any pages mapped that were
 *    granted for data or for indirect pages of the existing format, until it
 *    is Closed, and MAY unmap any of them that no request in flight uses.  The
 *    frontend MUST grant these pages writable, SHOULD reuse the same ones,
 *    most recently used first, and MUST NOT use one for anything else before
 *    it has ended its grant.  If it is 0 on one side, the backend MUST have
 *    unmapped all pages of a request before it answers.  A frontend MAY
 *    write it whatever the backend offers.
 *
 * While a request is in flight, its indirect pages and its pages of data MUST
 * be granted at least readable; pages that data is read into MUST be granted
 * writable.  The frontend MUST NOT change indirect pages.  If it changes data
 * that is being written, the disk may hold the old or the new data.
 *
 * States
 * ======
 *
 * The key "state" is the number of a XenbusState: 0 Unknown (the key is
 * absent), 1 Initialising, 2 InitWait, 3 Initialised, 4 Connected, 5 Closing,
 * 6 Closed.  Others are not used.
 *
 *    frontend                              backend
 *    Initialising                          Initialising
 *                                          writes what the driver offers
 *                                          InitWait
 *    reads the offer, allocates and grants
 *    rings, writes its choice
 *    Initialised
 *                                          reads the choice, maps the rings,
 *                                          writes what the disk has
 *                                          Connected
 *    reads what the disk has, writes
 *    integrity, adds the disk
 *    Connected
 *
 *                        (either side may begin)
 *    Closing                               Closing
 *    stops issuing requests, waits for
 *    those in flight as long as it wants
 *    Closed
 *                                          ends what it has begun, unmaps all
 *                                          pages, closes the event channels
 *                                          Closed
 *    ends its grants
 *    Initialising, to connect again
 *                                          InitWait if "online" is 1, else the
 *                                          device is gone
 *
 * - Everything is negotiated again for each connection.
 * - A backend MUST write the offers about rings, requests and persistent
 *   grants before InitWait, and what depends on the disk ("sectors" to "info",
 *   the operations and their limits, "feature-integrity") before Connected.
 *   "integrity" is the only choice that is made after that.
 * - A backend MUST accept a frontend that goes to Initialised without waiting
 *   for InitWait, and thus takes no offer.  A frontend MUST treat a backend in
 *   Initialised as one in InitWait that offers nothing.  A frontend that finds
 *   the backend Connected before it has written its keys MUST still write
 *   them, unless this is a connection to its predecessor, see below.
 * - It is no error to write a state more than once.
 * - To detach a disk, a toolstack writes 0 to "online" and Closing to the
 *   state of the backend.  The backend MUST go on answering requests until the
 *   frontend closes.  A frontend whose disk is in use MAY stay Connected until
 *   that is over.  A backend that closes by itself is in Closing, too, but
 *   "online" is 1.
 * - A side that finds the other in breach of these rules MUST go to Closing,
 *   and SHOULD say why in a key "error": for a domain D with the directory P
 *   of the device, that is /local/domain/D/error/P/error.
 * - A frontend MUST NOT use a page of a ring, or of a request in flight, for
 *   anything else before the backend is Closed or gone.  A backend whose
 *   disk does not answer MAY be Closed before it has unmapped a page; so the
 *   frontend MUST also wait until it can end the grant.
 *
 * Reconnecting
 * ============
 *
 * After save and restore, a frontend finds another backend.  It goes to
 * Initialising without having been Closed, and issues again what was not
 * answered.
 *
 * A backend's driver may be exchanged while the frontend stays Connected.  The
 * driver that leaves MUST end the requests that it took and unmap all pages.
 * The new one writes its offer and goes to InitWait.  Then
 *
 *  - on a shared ring, it SHOULD continue where the indexes say and go to
 *    Connected, MUST accept what its predecessor offered, and the frontend has
 *    nothing to do;
 *  - it MUST NOT touch separate rings, as they do not tell where to continue,
 *    and their first slots may hold requests that were done long ago.
 *    A frontend that has separate rings and finds this MUST stop publishing
 *    requests, go to Closed, wait for the backend to be Closed, and connect
 *    again from Initialising.  It issues again what was not answered.
 *
 * So a backend MUST NOT use separate rings unless it has seen the frontend in
 * Initialising or found it in Initialised since it went to InitWait itself.  A
 * frontend MUST NOT publish requests on separate rings before it is Connected.
 *
 * A frontend may stop without notice and another driver take its place, as
 * when a guest's kernel crashes and a second one saves its memory.  A backend
 * that has a connection and finds the frontend in Initialising MUST end the
 * connection as if the frontend were Closed, and go to InitWait.  When a
 * connection has ended, it SHOULD remove "request-format", "ring-layout",
 * "ring-alignment" and "integrity" if it can write to the frontend's
 * directory, because a driver that does not know these keys would leave them.
 *
 * Therefore a frontend that returns to Initialising, or takes another's place,
 * may find the backend Closed, or Connected to its predecessor; it MUST wait
 * for InitWait.  A backend MUST have answered, or dropped, all requests of the
 * former connection before it connects again, and stays in InitWait until
 * then.
 */

/* "info" */
#define VDISK_CDROM		0x1
#define VDISK_REMOVABLE		0x2
#define VDISK_READONLY		0x4

/*
 * Operations
 * ==========
 *
 * READ, WRITE
 *    transfer the segments, in order.
 * WRITE_BARRIER
 *    is a WRITE of any number of segments, or of none.  It MUST NOT be carried
 *    out before all earlier writes of its ring are complete, and MUST complete
 *    before any later write of its ring is carried out.  When it completes, it
 *    and all writes that were complete before it MUST be durable.
 * FLUSH_DISKCACHE
 *    When it completes, all writes that were complete when it was issued MUST
 *    be durable.  It MAY carry data, which is written after the flush.
 * DISCARD
 *    says that a range of the disk has no content of value until it is written
 *    again.  A backend MAY discard less.  What is read from the range until
 *    then is undefined, but MUST NOT be what another domain wrote.  A range
 *    MAY have no sectors.  With BLKIF_DISCARD_SECURE, all copies of the range
 *    that the disk has made MUST be erased.  A frontend MUST NOT set that
 *    flag without an offer.  A backend that cannot erase MUST fail a slim
 *    request with EOPNOTSUPP and discard nothing; it SHOULD fail a request of
 *    the existing format likewise, but MAY ignore the flag there.
 * WRITE_ZEROES
 *    makes a range read as zeroes.  Slim requests only.  The range MUST stay
 *    allocated, but with BLKIF_SLIM_UNMAP the backend MAY deallocate it as far
 *    as it still reads as zeroes.
 * INDIRECT
 *    is a READ or WRITE with its segments, or a slim DISCARD with its ranges,
 *    in indirect pages.
 *
 * Apart from WRITE_BARRIER, requests in flight at the same time MAY be carried
 * out in any order; where they overlap, the result is that of one of the
 * orders.
 *
 * A backend MAY answer BLKIF_RSP_EOPNOTSUPP to WRITE_BARRIER, FLUSH_DISKCACHE,
 * DISCARD, DISCARD with BLKIF_DISCARD_SECURE, WRITE_ZEROES and WRITE with
 * BLKIF_SLIM_FUA at any time, whatever it offered.  The frontend then SHOULD
 * stop using the operation, and do by other means what is still to be done.
 * The range or data of a request that failed like this has undefined content.
 *
 * A backend MUST answer a request that it rejects (an operation that is not
 * defined or was not offered, too few or too many segments, sectors out of
 * order, out of the page or off the disk, a reserved bit) with an error, and
 * MUST go on with the others.
 *
 * A request has an id, which means nothing to the backend.  A frontend MUST NOT
 * use one twice among the requests in flight on one queue.
 */
#define BLKIF_OP_READ			0
#define BLKIF_OP_WRITE			1
#define BLKIF_OP_WRITE_BARRIER		2
#define BLKIF_OP_FLUSH_DISKCACHE	3
#define BLKIF_OP_RESERVED_1		4
#define BLKIF_OP_DISCARD		5
#define BLKIF_OP_INDIRECT		6
#define BLKIF_OP_WRITE_ZEROES		7

/* Segments in one slot, and indirect pages of one request; existing format. */
#define BLKIF_MAX_SEGMENTS_PER_REQUEST		11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST	8

/*
 * Statuses
 * ========
 *
 * A request that was not done as a whole has failed.  In the existing format a
 * backend MUST NOT use any but the first three.  For slim requests it SHOULD
 * use the others where they say more than ERROR:
 *
 *  MEDIUM      the disk cannot read or write these sectors
 *  NOSPC       no space is left for the data
 *  PROTECTION  protection information and data do not match
 *  TIMEOUT     the disk did not answer in time
 *  OFFLINE     the disk is not available at present
 *
 * A frontend MUST take a status that it does not know as ERROR.
 */
#define BLKIF_RSP_OKAY		0
#define BLKIF_RSP_ERROR		-1
#define BLKIF_RSP_EOPNOTSUPP	-2
#define BLKIF_RSP_MEDIUM	-3
#define BLKIF_RSP_NOSPC		-4
#define BLKIF_RSP_PROTECTION	-5
#define BLKIF_RSP_TIMEOUT	-6
#define BLKIF_RSP_OFFLINE	-7

/*
 * Existing format
 * ===============
 *
 * Selected when "request-format" and "ring-layout" are absent.  handle is the
 * virtual device; a backend MUST ignore it and all fields named _pad.
 * Segments follow one another on the disk from sector_number on.
 *
 * The structures below are those of a 64-bit x86 frontend, and of every ABI
 * that aligns 64-bit integers to 8 bytes: a request has 112 bytes.  With
 * "x86_32-abi" it has no pad at offset 4, all that follows is 4 bytes earlier,
 * and it has 108 bytes.
 */

/* blkif_request_discard.flag, and a flag of slim DISCARDs */
#define BLKIF_DISCARD_SECURE	(1 << 0)

/*
 * Sectors first_sect to last_sect, both included, of a granted page;
 * 0 <= first_sect <= last_sect <= 7.  A segment takes 8 bytes in a slot and in
 * an indirect page.
 */
struct blkif_request_segment {
	grant_ref_t	gref;
	uint8_t		first_sect, last_sect;
};

/* READ and WRITE have at least one segment. */
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

/*
 * READ and WRITE of nr_segments segments, 512 to an indirect page; all
 * indirect pages but the last are full.
 */
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
 * id and operation are those of the request; operation is indirect_op if the
 * request is indirect.  12 bytes with "x86_32-abi", else 16.
 */
struct blkif_response {
	uint64_t	id;
	uint8_t		operation;
	int16_t		status;
};

/*
 * Shared ring
 * ===========
 *
 * One ring a queue, granted writable: a header of 64 bytes, then S slots.  A
 * slot has the size of a request; S is the number of slots that fit into the
 * pages after the header, rounded down to a power of two.  The header is
 *
 *    0 req_prod    4 req_event    8 rsp_prod    12 rsp_event
 *
 * and zero after that.  These are indexes, counts of slots modulo 2^32: of
 * requests and responses published, and those at which the backend (req_event)
 * and the frontend (rsp_event) want a notification.  Before it grants the
 * pages, the frontend MUST set both event words to 1 and all else to 0.
 * Afterwards the frontend writes requests, req_prod and rsp_event, and the
 * backend responses, rsp_prod and req_event.
 *
 * Request number n, counted from 0, goes into slot n modulo S, and so does
 * response number n, whichever request it answers.  So a frontend MUST NOT
 * have more than S requests in flight, and a backend MUST have copied a
 * request before it publishes a response.  A producer MUST write slots before
 * the index that publishes them, which it stores with release semantics; a
 * consumer MUST load the index with acquire semantics.  A consumer MUST treat
 * it as an error of the producer if an index leads to more than S requests in
 * flight, or to more responses than requests in flight.  When to notify, see
 * Notifications.
 */
DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

/*
 * Slim requests
 * =============
 *
 * Selected by "request-format", or by "ring-layout" with separate rings.  One
 * layout for every ABI: a request has 32 bytes, a response 16, naturally
 * aligned, so that none straddles a cache line and no ABI adds padding.
 *
 * What a request or response does not use MUST be zero, and a reader MUST
 * reject it otherwise.  On a shared ring, a slot has 32 bytes for both, and lap
 * is zero; for lap on separate rings, see Separate rings.
 *
 * READ, WRITE, WRITE_BARRIER and FLUSH_DISKCACHE of up to two segments use
 * h.rw and u.rw.  count is the number of segments, at least 1 of a READ or
 * WRITE.  first and last are as in struct blkif_request_segment.  The segments
 * follow one another on the disk from sector on; if there is none, sector is
 * zero.  DISCARD and WRITE_ZEROES use u.range.
 *
 * INDIRECT requests use h.indirect and u.indirect.  count is the operation that
 * they stand for:
 *
 *  - READ or WRITE.  There are nr_entries struct blkif_slim_entry, one a
 *    segment, followed by nr_pi more for protection information: at least one
 *    of the former, at most "max-slim-indirect-entries" of both.  They are in
 *    the pages gref[0], gref[1], ..., 256 to a page, all pages but the last
 *    being full.  As an entry has its own sector, one request may cover
 *    several extents of the disk.
 *  - DISCARD.  There are nr_entries struct blkif_slim_range in the page
 *    gref[0], at least one and at most "max-discard-ranges".  Ranges MAY be in
 *    any order, and MAY touch or overlap.
 *
 * Indirect pages MAY be granted read-only, even with persistent grants, and
 * the backend MUST have unmapped them when it answers.
 *
 * A response has the id and the operation of its request; of an INDIRECT
 * request, the operation in count.  A frontend MUST treat a response with an id
 * that is not in flight on its queue, or with another operation, as an error of
 * the backend.
 */
#define BLKIF_SLIM_MAX_INDIRECT_PAGES	4
#define BLKIF_SLIM_MAX_ENTRIES	1024
#define BLKIF_SLIM_MAX_RANGES	256

/*
 * Flags.  A backend MUST reject a flag with an operation that is not named
 * here.
 *
 *  FUA      WRITE: complete only when the data of this request is durable
 *  UNMAP    WRITE_ZEROES: the range MAY be deallocated
 *  PI       INDIRECT READ and WRITE: there is protection information
 *
 * BLKIF_DISCARD_SECURE has the same meaning in a slim DISCARD.
 */
#define BLKIF_SLIM_FUA		(1 << 1)
#define BLKIF_SLIM_UNMAP	(1 << 2)
#define BLKIF_SLIM_PI		(1 << 3)

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
 * A disk may store a tuple with each interval of its data.  Everything that
 * handles the data can verify by the tuple that the data is right and in its
 * place.  "feature-integrity" names the profile:
 *
 *                        guard tag       reference tag
 *   T10-DIF-TYPE1-CRC    T10 CRC-16      number of the interval
 *   T10-DIF-TYPE1-IP     IP checksum     number of the interval
 *   T10-DIF-TYPE3-CRC    T10 CRC-16      not checked
 *   T10-DIF-TYPE3-IP     IP checksum     not checked
 *
 * A tuple is
 *
 *   0     2 bytes   guard tag of the data of the interval
 *   2     2 bytes   application tag, for the frontend to use
 *   4     4 bytes   reference tag
 *
 * in big endian, except for an IP checksum, which is as in a packet.  Intervals
 * are counted from the start of the frontend's disk, and the reference tag is
 * the low 32 bits of the number; where the backend's disk is a part of
 * another, the backend MUST have the tags translated.  An interval is not
 * checked if its application tag is ffff and, with type 3, its reference tag
 * is ffffffff.
 *
 * An INDIRECT READ or WRITE with BLKIF_SLIM_PI has the tuples of all its data,
 * in the order of its segments and without gaps, in pages of their own, all of
 * which but the last are full.  That is
 *
 *   bytes of data / integrity-interval * integrity-tuple-size
 *
 * bytes.  nr_pi MUST be the smallest number of pages that hold them.  In the
 * entries of these pages, all but gref MUST be zero.  The pages MUST be
 * granted writable for a READ and at least readable for a WRITE, and the
 * backend MUST have unmapped them when it answers, even with persistent
 * grants.
 *
 * A backend MUST fail a READ or WRITE with BLKIF_RSP_PROTECTION if its side
 * finds that tuples and data do not match.  It need not check that: the
 * frontend can check a READ.
 *
 * READ and WRITE without BLKIF_SLIM_PI are valid on such a disk.  The backend
 * or the disk then MUST generate the tuples of what is written.
 */

/*
 * Separate rings
 * ==============
 *
 * Selected by "ring-layout", with slim requests.  A queue has two rings, each
 * in pages of its own with one writer:
 *
 *   request ring    1 << ring-page-order pages, written by the frontend,
 *                   granted read-only
 *   response ring   written by the backend, granted writable; the smallest
 *                   number of pages that hold as many slots as the request
 *                   ring has
 *
 * With A = ring-alignment, a ring is
 *
 *   0     A bytes   spare, zero
 *   A     4 bytes   event word; the rest of these A bytes is zero
 *   2 A   slots     of 32 bytes (requests) or 16 (responses), to the end of
 *                   the page and on through the others
 *
 * The request ring has (pages * 4096 - 2 A) / 32 slots, and the response ring
 * uses as many.  What follows its last slot is zero.
 *
 *    ring-page-order             0     1     2     3     4
 *    slots, A = 64             124   252   508  1020  2044
 *    slots, A = 128            120   248   504  1016  2040
 *    pages of request ring       1     2     4     8    16
 *    pages of response ring      1     2     3     5     9
 *
 * There is no index.  Each side keeps the place of its next slot in each ring.
 * It MUST NOT derive the place from a count modulo the number of slots: that
 * number is not a power of two, so the result is wrong when the count wraps.
 *
 * Lap bytes.  A producer fills the slots in order, and begins again after the
 * last.  On its first lap the lap byte is 1, on the second 2, then 1, 2, ...
 * 0 is not valid, and the frontend MUST grant pages that are zero except for
 * the event words.  The producer MUST write the body of a slot first, and then
 * publish it by one aligned 32-bit store, with release semantics, of the word
 * that has the lap byte: bytes 0 to 3 of a request, 12 to 15 of a response.
 * Where an aligned 64-bit store is atomic, it MAY store bytes 0 to 7, or 8 to
 * 15, instead.  The consumer MUST load that word, or those eight bytes, with
 * acquire semantics, whichever of the two the producer stores.
 *
 *  - If the lap byte is that of the consumer's lap, the slot is new.  The
 *    consumer MUST copy the rest once, and use only the copy.
 *  - If it is another of 0, 1 and 2, the slot is not new, and the consumer
 *    MUST NOT look at the slots behind it.
 *  - If it is above 2, that is an error of the producer.
 *
 * A frontend MUST NOT have more requests in flight than the request ring has
 * slots, and a backend MUST take requests in order and treat one more than
 * that as an error.  No slot is therefore overwritten before it was copied.
 * Responses MAY come in any order, one for each request.
 *
 * Notifications
 * =============
 *
 * Event words count slots since the rings were granted, modulo 2^32, and the
 * frontend MUST set them to BLKIF_RING_EVENT_START before that.  With separate
 * rings the request ring has rsp_event, which the frontend writes, and the
 * response ring has req_event, which the backend writes.
 *
 * A producer that has published the slots from count a to count b, and is not
 * about to publish more, MUST issue a full barrier, read the event word e
 * of its peer, and notify if b - e < b - a, modulo 2^32.  A consumer that
 * finds no new slot and wants to wait MUST write its event word, issue a full
 * barrier, and look for a new slot once more.  A consumer that polls MAY leave
 * its event word alone.
 *
 * req_event MUST be the count of the next request, and rsp_event on a shared
 * ring SHOULD be that of the next response.  On separate rings, rsp_event MAY
 * be that of a later response, so that one notification is sent for several,
 * but MUST NOT exceed the number of responses taken plus that of requests in
 * flight.  If a backend has published a response there that needs no
 * notification by the rule above, and rsp_event is ahead of its count by no
 * more than the number of slots, it MUST still notify before it sleeps, or
 * within a fraction of a millisecond if it does not sleep.
 */
#define BLKIF_RING_EVENT_START	1

/*
 * Virtual devices
 * ===============
 *
 * "virtual-device" and "virtual-device-ext" are one of
 *
 *    1 << 28 | disk << 8 | partition     any disk
 *    202 << 8 | disk << 4 | partition    disks and partitions below 16
 *    8 << 8 | disk << 4 | partition      SCSI disks, likewise
 *    3 << 8 | disk << 6 | partition      IDE disks 0 and 1
 *    22 << 8 | (disk - 2) << 6 | partition  IDE disks 2 and 3
 *
 * where partition 0 is the whole disk.  Other Linux device numbers,
 * major << 8 | minor, of SCSI disks are deprecated.  A frontend MAY also read
 * hexadecimal with 0x, and MUST refuse numbers that it does not know.
 */
#define VDEV_EXT_SHIFT			28

#endif /* __XEN_PUBLIC_IO_BLKIF_H__ */
