// SPDX-License-Identifier: GPL-2.0
/*
 * Negotiation: everything that the frontend reads from the backend's directory
 * in XenStore, what it chooses, and everything that it writes to its own
 * directory.
 *
 * It has two steps.  When the backend is in InitWait, it has offered layouts of
 * rings: blkfront_choose() and blkfront_write_keys().  When it is Connected, it
 * has opened the disk, and describes its properties and features:
 * blkfront_read_disk(), blkfront_agree() and blkfront_write_pi_key().
 */

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../xen-blkif/xenstore.h"
#include "blkfront.h"

static bool blkfront_may_use(enum blkif_feature feature)
{
	return !(READ_ONCE(blkfront_params.disable.mask) & feature);
}

static unsigned int blkfront_read_key(const struct blkfront_info *info,
				      const char *key, unsigned int missing)
{
	return xenbus_read_unsigned(info->otherend, key, missing);
}

/* --- Before the rings are made --- */

/*
 * How many of the queues are polled: the last ones, but not all.  The first
 * connection decides which ones.  A later one with fewer rings cannot tell them
 * apart.
 */
static unsigned int blkfront_choose_polled(const struct blkfront_info *info)
{
	const struct blk_mq_tag_set *set = &info->tag_set;
	unsigned int nr = info->agreed.choice.nr_queues;

	if (!info->gd)
		return min(blkfront_params.poll_queues, nr - 1);
	return nr == set->nr_hw_queues ?
	       set->map[HCTX_TYPE_POLL].nr_queues : 0;
}

/*
 * Unless larger rings are asked for, they are the smallest that have a slot for
 * each of the requests that a disk has by default, or for nearly all of them if
 * there are several rings.
 */
static void blkfront_choose_order(struct blkif_choice *choice)
{
	u32 enough = choice->nr_queues > 1 ? BLKFRONT_ENOUGH_SLOTS :
					     BLKFRONT_DEPTH;
	struct blkif_layout less = choice->layout;

	if (blkfront_params.max_order > BLKFRONT_DEFAULT_ORDER)
		return;
	while (less.order--) {
		if (blkif_layout_slots(&less) < enough)
			return;
		choice->layout.order = less.order;
	}
}

/**
 * blkfront_choose() - choose the rings of a connection
 * @info: the disk; its agreed is set as far as it is known
 *
 * Context: process context with info->mutex; reads XenStore.
 */
void blkfront_choose(struct blkfront_info *info)
{
	bool slim = blkfront_may_use(BLKIF_FEATURE_SLIM);
	struct blkif_offer theirs = {
		.max_queues = blkfront_read_key(info, "multi-queue-max-queues",
						BLKIF_DEFAULT_QUEUES),
		.max_ring_order = blkfront_read_key(info,
						    "max-ring-page-order", 0),
		.max_align = blkfront_read_key(info, "max-ring-alignment", 64),
		.slim = blkfront_read_key(info, "feature-slim-requests", 0),
		.separate = blkfront_read_key(info, "feature-separate-rings",
					      0),
	};
	struct blkif_offer ours = {
		.max_queues = info->gd ? info->tag_set.nr_hw_queues :
			      blkfront_params.max_queues +
			      blkfront_params.poll_queues,
		.max_ring_order = blkfront_params.max_order,
		.max_align = blkfront_params.align,
		.slim = slim,
		.separate = slim && blkfront_may_use(BLKIF_FEATURE_SEPARATE),
	};

	lockdep_assert_held(&info->mutex);
	memset(&info->agreed, 0, sizeof(info->agreed));
	info->agreed.choice = blkif_choose(&theirs, &ours);
	blkfront_choose_order(&info->agreed.choice);
	info->agreed.nr_polled = blkfront_choose_polled(info);
	info->offer_persistent = blkfront_params.persistent;
}

/* --- When the backend is connected --- */

/**
 * blkfront_read_disk() - read and check the properties of the disk
 * @info: the disk
 * @disk: set to what the backend says of it
 * @error: set to what is wrong, if there is an error
 *
 * Context: process context; reads XenStore.
 *
 * Return: 0 or -EINVAL.
 */
int blkfront_read_disk(struct blkfront_info *info,
		       struct blkfront_disk *disk, const char **error)
{
	if (xenbus_scanf(XBT_NIL, info->otherend, "sectors", "%llu",
			 &disk->sectors) != 1 ||
	    disk->sectors > LLONG_MAX >> SECTOR_SHIFT) {
		*error = "the backend's key sectors cannot be read";
		return -EINVAL;
	}
	disk->info = blkfront_read_key(info, "info", 0);
	/* The toolstack knows what the backend's disk does not tell. */
	if (blkfront_read_key(info, "removable", 0))
		disk->info |= VDISK_REMOVABLE;
	disk->block_size = blkfront_read_key(info, "sector-size", SECTOR_SIZE);
	if (!is_power_of_2(disk->block_size) ||
	    disk->block_size < SECTOR_SIZE ||
	    disk->block_size > BLKIF_PAGE_SIZE) {
		*error = "the backend's sector-size is not usable";
		return -EINVAL;
	}
	disk->sectors = round_down(disk->sectors,
				   disk->block_size >> SECTOR_SHIFT);
	disk->phys_size = blkfront_read_key(info, "physical-sector-size",
					    disk->block_size);
	if (!is_power_of_2(disk->phys_size) ||
	    disk->phys_size < disk->block_size) {
		blkfront_log(info, warn,
			     "ignoring physical-sector-size %u, which is invalid\n",
			     disk->phys_size);
		disk->phys_size = disk->block_size;
	}
	disk->opt_size = blkif_usable_opt(blkfront_read_key(info,
							    "optimal-io-size",
							    0),
					  disk->block_size);
	return 0;
}

static void blkfront_agree_segs(struct blkfront_info *info)
{
	struct blkif_offer theirs = {
		.max_indirect_segs =
			blkfront_read_key(info, "feature-max-indirect-segments",
					  0),
		.max_slim_entries =
			blkfront_read_key(info, "max-slim-indirect-entries", 0),
	};
	struct blkif_offer ours = {
		.max_indirect_segs = blkfront_params.max_segs,
		.max_slim_entries = blkfront_params.max_entries,
	};

	info->agreed.max_segs = blkif_choose_segs(blkfront_abi(info), &theirs,
						  &ours);
}

/*
 * Can the memory of requests be granted as it is?  Not if they may have blocks
 * that cross the end of a page, as a disk has promised that was not mapped at
 * first: see blkfront_alignment_limit().
 */
static bool blkfront_can_map(const struct blkfront_info *info)
{
	return !info->gd || queue_dma_alignment(info->gd->queue) >=
			    info->disk.block_size - 1;
}

static void blkfront_agree_data(struct blkfront_info *info)
{
	struct blkfront_agreed *agreed = &info->agreed;
	bool trusted;

	agreed->choice.persistent = info->offer_persistent &&
		blkfront_read_key(info, "feature-persistent", 0);
	trusted = blkfront_params.trusted &&
		  xenbus_read_unsigned(info->xbdev->nodename, "trusted", 1);
	if (agreed->choice.persistent)
		agreed->data = BLKFRONT_PERSISTENT;
	else
		agreed->data = trusted && blkfront_can_map(info) ?
			       BLKFRONT_MAPPED : BLKFRONT_COPIED;
}

static void blkfront_agree_flush(struct blkfront_info *info)
{
	if (blkfront_read_key(info, "feature-flush-cache", 0))
		info->agreed.flush = BLKFRONT_FLUSH;
	else if (blkfront_read_key(info, "feature-barrier", 0))
		info->agreed.flush = BLKFRONT_BARRIER;
	else
		info->agreed.flush = BLKFRONT_NO_FLUSH;
	info->durable = info->gd && (!bdev_write_cache(info->gd->part0) ||
				     blkfront_is_stale(info)) &&
			info->agreed.flush != BLKFRONT_NO_FLUSH;
}

static void blkfront_agree_ops(struct blkfront_info *info)
{
	struct blkif_ops theirs = {
		.fua = blkfront_read_key(info, "feature-fua", 0),
		.discard = blkfront_read_key(info, "feature-discard", 0),
		.secure = blkfront_read_key(info, "discard-secure", 0),
		.zeroes = blkfront_read_key(info, "feature-write-zeroes", 0),
		.max_discard = blkfront_read_key(info, "max-discard-sectors",
						 0),
		.max_zeroes = blkfront_read_key(info,
						"max-write-zeroes-sectors", 0),
		.max_ranges = blkfront_read_key(info, "max-discard-ranges", 1),
		.granularity = blkfront_read_key(info, "discard-granularity",
						 0),
		.alignment = blkfront_read_key(info, "discard-alignment", 0),
	};
	struct blkif_ops ours = {
		.fua = blkfront_may_use(BLKIF_FEATURE_FUA),
		.discard = blkfront_may_use(BLKIF_FEATURE_DISCARD),
		.secure = blkfront_may_use(BLKIF_FEATURE_SECURE),
		.zeroes = blkfront_may_use(BLKIF_FEATURE_ZEROES),
		.max_ranges = blkfront_may_use(BLKIF_FEATURE_RANGES) ?
			      BLKIF_SLIM_MAX_RANGES : 1,
	};

	info->agreed.ops = blkif_choose_ops(blkfront_abi(info), &theirs, &ours,
					    info->disk.block_size);
	/* Features that the previous backend failed do not matter any more. */
	WRITE_ONCE(info->revoked, 0);
}

/* The protection information that the backend offers, if it is usable. */
static struct blkif_pi blkfront_read_pi(struct blkfront_info *info)
{
	struct blkif_pi none = { };
	struct blkif_pi pi;
	char *name;

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY) ||
	    !blkfront_may_use(BLKIF_FEATURE_PI) || !blkfront_abi(info)->slim)
		return none;
	name = xenbus_read(XBT_NIL, info->otherend, "feature-integrity",
			   NULL);
	if (IS_ERR(name))
		return none;
	pi = blkif_pi_make(blkif_pi_by_name(name),
			   blkfront_read_key(info, "integrity-interval", 0),
			   blkfront_read_key(info, "integrity-tuple-size", 0),
			   info->disk.block_size);
	if (*name && !pi.profile)
		blkfront_log(info, warn,
			     "the protection information that the backend offers is not usable\n");
	kfree(name);
	return pi;
}

/* The number of segments was agreed on before; it may become smaller. */
static void blkfront_agree_pi(struct blkfront_info *info)
{
	struct blkif_pi pi = blkfront_read_pi(info);
	struct blkfront_agreed *agreed = &info->agreed;
	struct blkif_pi none = { };

	if (pi.profile && !blkfront_pi_max_segs(info, &pi))
		pi = none;
	/* The first connection decides: see pi.c. */
	if (!info->gd)
		info->pi = pi;
	agreed->pi = none;
	if (!info->pi.profile)
		return;
	if (!blkif_pi_same(&pi, &info->pi)) {
		blkfront_log(info, warn,
			     "%s has protection information %s, this backend's disk has %s; it is not used\n",
			     info->gd->disk_name, blkif_pi_name(&info->pi),
			     blkif_pi_name(&pi));
		return;
	}
	agreed->pi = pi;
	agreed->max_segs = blkfront_pi_max_segs(info, &pi);
}

/**
 * blkfront_agree() - choose among the features of the disk
 * @info: the disk, of which blkfront_read_disk() was called
 *
 * Context: process context with info->mutex; reads XenStore.
 */
void blkfront_agree(struct blkfront_info *info)
{
	lockdep_assert_held(&info->mutex);
	blkfront_agree_segs(info);
	blkfront_agree_data(info);
	blkfront_agree_flush(info);
	blkfront_agree_ops(info);
	blkfront_agree_pi(info);
}

/**
 * blkfront_describe() - describe what was negotiated
 * @info: the disk
 * @agreed: set to the description
 *
 * Context: process context, while what was negotiated cannot change: with
 * info->mutex, or with info->brief and info->described.
 */
void blkfront_describe(const struct blkfront_info *info,
		       struct blkif_agreed *agreed)
{
	static const char * const data[] = {
		[BLKFRONT_MAPPED] = "mapped",
		[BLKFRONT_PERSISTENT] = "persistent grants",
		[BLKFRONT_COPIED] = "copied",
	};
	static const char * const flush[] = {
		[BLKFRONT_NO_FLUSH] = "none",
		[BLKFRONT_BARRIER] = "barrier",
		[BLKFRONT_FLUSH] = "flush",
	};

	*agreed = (struct blkif_agreed) {
		.choice = info->agreed.choice,
		.max_segs = info->agreed.max_segs,
		.ops = info->agreed.ops,
		.pi = info->agreed.pi,
		.data = data[info->agreed.data],
		.flush = flush[READ_ONCE(info->agreed.flush)],
	};
}

/* --- Our keys --- */

/* Does a name consist of a prefix and a number? */
static bool blkfront_is_numbered(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && isdigit(name[len]);
}

/* Is a key one of a connection? */
static bool blkfront_is_our_key(const char *name)
{
	static const char * const names[] = {
		"ring-ref", "event-channel", "ring-page-order",
		"multi-queue-num-queues", "request-format", "ring-layout",
		"ring-alignment", "integrity",
	};
	static const char * const prefixes[] = {
		"ring-ref", "req-ring-ref", "rsp-ring-ref", "queue-",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (blkfront_is_numbered(name, prefixes[i]))
			return true;
	return match_string(names, ARRAY_SIZE(names), name) >= 0;
}

/**
 * blkfront_clear_keys() - remove the keys of an earlier connection
 * @xbt: transaction, or XBT_NIL
 * @dir: our directory
 *
 * They may be those of another driver.  A backend would mistake a key that is
 * left over for one of ours.  Most directories have none, and XenStore is asked
 * only once then.
 *
 * Context: process context; writes to XenStore.
 *
 * Return: 0 or an error; some of them may be left then.
 */
int blkfront_clear_keys(struct xenbus_transaction xbt, const char *dir)
{
	unsigned int i, nr;
	char **names;
	int err = 0;

	names = xenbus_directory(xbt, dir, "", &nr);
	if (IS_ERR(names))
		return PTR_ERR(names) == -ENOENT ? 0 : PTR_ERR(names);
	for (i = 0; i < nr && !err; i++)
		if (blkfront_is_our_key(names[i]))
			err = xenbus_rm(xbt, dir, names[i]);
	kfree(names);
	return err;
}

static int blkfront_write_refs(struct xenbus_transaction xbt, const char *dir,
			       const char *prefix, const grant_ref_t *refs,
			       unsigned int nr)
{
	unsigned int i;
	char key[24];
	int err = 0;

	for (i = 0; !err && i < nr; i++) {
		snprintf(key, sizeof(key), "%s%u", prefix, i);
		err = xenbus_printf(xbt, dir, key, "%u", refs[i]);
	}
	return err;
}

static int blkfront_write_ring(struct xenbus_transaction xbt, const char *dir,
			       const struct blkfront_ring *ring)
{
	const struct blkif_layout *layout = &ring->info->agreed.choice.layout;
	unsigned int nr = blkif_layout_req_pages(layout);
	const grant_ref_t *refs = ring->mem.refs;
	int err;

	if (layout->separate) {
		err = blkfront_write_refs(xbt, dir, "req-ring-ref", refs, nr);
		if (!err)
			err = blkfront_write_refs(xbt, dir, "rsp-ring-ref",
						  refs + nr,
						  ring->mem.nr - nr);
	} else if (nr == 1) {
		err = xenbus_printf(xbt, dir, "ring-ref", "%u", refs[0]);
	} else {
		err = blkfront_write_refs(xbt, dir, "ring-ref", refs, nr);
	}
	if (err)
		return err;
	return xenbus_printf(xbt, dir, "event-channel", "%u", ring->evtchn);
}

/* With several queues, each has a directory. */
static int blkfront_write_queues(struct xenbus_transaction xbt,
				 const struct blkfront_info *info)
{
	const char *node = info->xbdev->nodename;
	unsigned int i;
	char *dir;
	int err;

	err = xenbus_printf(xbt, node, "multi-queue-num-queues", "%u",
			    info->nr_rings);
	for (i = 0; !err && i < info->nr_rings; i++) {
		dir = kasprintf(GFP_KERNEL, "%s/queue-%u", node, i);
		if (!dir)
			return -ENOMEM;
		err = blkfront_write_ring(xbt, dir, &info->rings[i]);
		kfree(dir);
	}
	return err;
}

/* In-tree backends know only the order of these. */
static int blkfront_write_layout(struct xenbus_transaction xbt,
				 const struct blkfront_info *info)
{
	const struct blkif_layout *layout = &info->agreed.choice.layout;
	const char *node = info->xbdev->nodename;
	int err = 0;

	if (layout->order)
		err = xenbus_printf(xbt, node, "ring-page-order", "%u",
				    layout->order);
	if (!err && layout->abi->slim)
		err = xenbus_printf(xbt, node, "request-format", "slim");
	if (!err && layout->separate)
		err = xenbus_printf(xbt, node, "ring-layout", "split");
	if (!err && layout->separate)
		err = xenbus_printf(xbt, node, "ring-alignment", "%u",
				    layout->align);
	return err;
}

/* May be called several times: see blkif_transaction(). */
static int blkfront_write_all(struct xenbus_transaction xbt, void *data)
{
	const struct blkfront_info *info = data;
	const char *node = info->xbdev->nodename;
	int err;

	err = blkfront_clear_keys(xbt, node);
	if (err)
		return err;
	err = blkfront_write_layout(xbt, info);
	if (err)
		return err;
	if (info->nr_rings == 1)
		err = blkfront_write_ring(xbt, node, &info->rings[0]);
	else
		err = blkfront_write_queues(xbt, info);
	if (err)
		return err;
	/*
	 * A backend that supports slim requests needs only "request-format".
	 * One that does not, and takes its place, would mistake them for
	 * requests of the existing format; it refuses the connection because it
	 * does not know this protocol.
	 */
	err = xenbus_printf(xbt, node, "protocol", "%s",
			    blkfront_abi(info)->slim ? "slim" :
						       blkif_abi_native.name);
	if (err)
		return err;
	return xenbus_printf(xbt, node, "feature-persistent", "%u",
			     info->offer_persistent);
}

/**
 * blkfront_write_keys() - tell the backend of our rings
 * @info: the disk, whose rings were made
 *
 * Context: process context with info->mutex; writes to XenStore.
 *
 * Return: 0 or an error.
 */
int blkfront_write_keys(struct blkfront_info *info)
{
	lockdep_assert_held(&info->mutex);
	return blkif_transaction(blkfront_write_all, info);
}

/**
 * blkfront_write_pi_key() - tell the backend of our protection information
 * @info: the disk; the backend is not told yet that it is connected
 *
 * Context: process context with info->mutex; writes to XenStore.
 *
 * Return: 0 or an error.
 */
int blkfront_write_pi_key(const struct blkfront_info *info)
{
	const struct blkif_pi *pi = &info->agreed.pi;

	lockdep_assert_held(&info->mutex);
	if (!pi->profile)
		return 0;
	return xenbus_printf(XBT_NIL, info->xbdev->nodename, "integrity", "%s",
			     blkif_pi_name(pi));
}

/* A state to be written to XenStore. */
struct blkfront_new_state {
	const struct xenbus_device *dev;
	enum xenbus_state state;
};

static int blkfront_write_state(struct xenbus_transaction xbt, void *data)
{
	const struct blkfront_new_state *new = data;
	int now;

	/* A directory that was removed is not made again. */
	if (xenbus_scanf(xbt, new->dev->nodename, "state", "%d", &now) != 1)
		return -ENOENT;
	if (now == new->state)
		return 0;
	return xenbus_printf(xbt, new->dev->nodename, "state", "%d",
			     new->state);
}

/* Write a state to XenStore and leave dev->state as it is. */
static int blkfront_publish_state(struct xenbus_device *dev,
				  enum xenbus_state state)
{
	struct blkfront_new_state new = { dev, state };
	int err = blkif_transaction(blkfront_write_state, &new);

	if (err && err != -ENOENT)
		xenbus_dev_fatal(dev, err,
				 "cannot write to XenStore (error %d)", err);
	return err;
}

/**
 * blkfront_start_over() - tell the backend that we wait for it
 * @dev: the device
 *
 * If xenwatch reads the state Initialising from XenStore, and dev->state is
 * another one then, newer xenbus takes the device for a new one, and unbinds us
 * from it.  Hence dev->state becomes Initialising before the state in XenStore.
 *
 * Context: process context; writes to XenStore.
 */
void blkfront_start_over(struct xenbus_device *dev)
{
	enum xenbus_state before = dev->state;

	dev->state = XenbusStateInitialising;
	if (blkfront_publish_state(dev, XenbusStateInitialising))
		dev->state = before;
}

/**
 * blkfront_tell_initialised() - tell the backend that our keys are complete
 * @dev: the device, in state Initialising
 *
 * xenwatch may have read Initialising from XenStore and not have looked at
 * dev->state yet, which therefore stays Initialising: see blkfront_start_over().
 * It changes with the next state.  If that is Connected, xenwatch is done by
 * then, as it has noticed first that the backend is.
 *
 * Context: process context; writes to XenStore.
 *
 * Return: 0, also if the device is gone, or an error, which was reported.
 */
int blkfront_tell_initialised(struct xenbus_device *dev)
{
	int err = blkfront_publish_state(dev, XenbusStateInitialised);

	return err == -ENOENT ? 0 : err;
}
