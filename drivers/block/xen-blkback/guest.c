// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: what a guest takes of dom0.
 *
 * A guest decides what its requests name, and a slow disk how long they last.
 * All that they take is therefore counted for the guest, whose limits are the
 * same for one disk and for ten.  What a guest cannot get it does without: a
 * page is mapped instead of copied, or the request is held.  Each queue has
 * memory of its own for one request, which is counted but not limited, so that
 * the disks of a guest do not stop one another.
 */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "blkback.h"

/* Pages that data of all guests is copied to take no more of dom0's memory. */
#define BLKBACK_COPIES_SHARE	16

/* How long idle persistent grants are given back after there was no room. */
#define BLKBACK_CROWDED		(2 * HZ)

static LIST_HEAD(blkback_guests);
static DEFINE_MUTEX(blkback_guests_lock);	/* the list and users */
static atomic_long_t blkback_all_copies;
static atomic_long_t blkback_all_mapped;	/* named pages, persistent grants */
static atomic_long_t blkback_all_kept;	/* of these, persistent grants */
/* Jiffies; apart from the counts, which every mapping changes. */
static unsigned long blkback_crowded_end ____cacheline_aligned_in_smp;
static bool blkback_crowded;

/* Most of blkback_all_mapped, for tests; 0 for what the parameters say. */
u32 blkback_max_all_mapped;

static struct blkback_guest *blkback_guest_find(domid_t domid)
{
	struct blkback_guest *guest;

	list_for_each_entry(guest, &blkback_guests, node) {
		if (guest->domid == domid)
			return guest;
	}
	return NULL;
}

/**
 * blkback_guest_get() - find or make the counts of a guest
 * @domid: its domain
 *
 * Context: process context.
 *
 * Return: the guest, to be dropped by blkback_guest_put(), or NULL if there is
 * no memory for it.
 */
struct blkback_guest *blkback_guest_get(domid_t domid)
{
	struct blkback_guest *guest;

	mutex_lock(&blkback_guests_lock);
	guest = blkback_guest_find(domid);
	if (!guest) {
		guest = kzalloc(sizeof(*guest), GFP_KERNEL);
		if (guest) {
			guest->domid = domid;
			spin_lock_init(&guest->poll_lock);
			list_add(&guest->node, &blkback_guests);
		}
	}
	if (guest)
		guest->users++;
	mutex_unlock(&blkback_guests_lock);
	return guest;
}

/**
 * blkback_guest_put() - a connection has ended
 * @guest: what blkback_guest_get() has returned
 *
 * Context: process context.
 */
void blkback_guest_put(struct blkback_guest *guest)
{
	mutex_lock(&blkback_guests_lock);
	if (!--guest->users) {
		list_del(&guest->node);
		kfree(guest);
	}
	mutex_unlock(&blkback_guests_lock);
}

/* A parameter times @unit, less than what means no limit. */
static long blkback_guest_limit(const unsigned int *parameter, long unit)
{
	return min_t(unsigned long, READ_ONCE(*parameter),
		     (LONG_MAX - 1) / unit) * unit;
}

/**
 * blkback_guest_take_copy() - count another page to copy data to
 * @guest: the guest
 *
 * Return: true if neither the guest nor all guests together have too many.
 */
bool blkback_guest_take_copy(struct blkback_guest *guest)
{
	long all = totalram_pages() / BLKBACK_COPIES_SHARE;

	if (!blkback_guest_take(&guest->copies, 1,
				blkback_guest_limit(&blkback_max_copies, 1)))
		return false;
	if (blkback_guest_take(&blkback_all_copies, 1, all))
		return true;
	blkback_guest_give(&guest->copies, 1);
	return false;
}

/**
 * blkback_guest_give_copies() - pages that data was copied to are free
 * @guest: the guest
 * @nr: how many pages
 */
void blkback_guest_give_copies(struct blkback_guest *guest, unsigned int nr)
{
	blkback_guest_give(&guest->copies, nr);
	blkback_guest_give(&blkback_all_copies, nr);
}

/**
 * blkback_guest_take_bytes() - count memory for a request
 * @guest: the guest
 * @size: bytes
 *
 * Return: true if the guest does not have too much.
 */
bool blkback_guest_take_bytes(struct blkback_guest *guest, size_t size)
{
	return blkback_guest_take(&guest->bytes, size,
				  blkback_guest_limit(&blkback_max_kib, SZ_1K));
}

/* A guest is limited to two disks that take all they can. */
static long blkback_guest_max_named(void)
{
	return blkback_guest_limit(&blkback_max_mapped, 2);
}

/*
 * Xen has room for a limited number of mappings by dom0, 262144 by default, for
 * all guests and all backends.  That is four times the default of
 * max_mapped_pages, of which an eighth is left to other backends.  Whoever wants
 * less for each device does not have less room for all, and whoever wants more
 * has to give Xen more room.
 */
static long blkback_guest_max_all(void)
{
	unsigned int mapped = max(READ_ONCE(blkback_max_mapped),
				  BLKBACK_MAX_MAPPED);
	u32 test = READ_ONCE(blkback_max_all_mapped);

	return test ?: blkback_guest_limit(&mapped, 7) / 2;
}

/* Somebody had to do without a mapping. */
static void blkback_guest_crowd(void)
{
	unsigned long end = jiffies + BLKBACK_CROWDED;

	if (READ_ONCE(blkback_crowded) &&
	    end - READ_ONCE(blkback_crowded_end) < BLKBACK_CROWDED / 8)
		return;
	WRITE_ONCE(blkback_crowded_end, end);
	WRITE_ONCE(blkback_crowded, true);
}

/**
 * blkback_guest_crowded() - are idle persistent grants to be given back?
 *
 * Return: true if all guests together recently had as many mappings as they may.
 */
bool blkback_guest_crowded(void)
{
	if (!READ_ONCE(blkback_crowded))
		return false;
	if (time_before(jiffies, READ_ONCE(blkback_crowded_end)))
		return true;
	WRITE_ONCE(blkback_crowded, false);
	return false;
}

static bool blkback_guest_try_named(struct blkback_guest *guest, long nr,
				    long most, long most_all)
{
	if (!blkback_guest_take(&guest->named, nr, most))
		return false;
	if (blkback_guest_take(&blkback_all_mapped, nr, most_all))
		return true;
	blkback_guest_give(&guest->named, nr);
	return false;
}

/**
 * blkback_guest_take_spare() - count more pages than requests are going to name
 * @guest: the guest
 * @nr: how many
 *
 * Return: true if there is plenty of room for the guest and for all guests.
 */
bool blkback_guest_take_spare(struct blkback_guest *guest, long nr)
{
	return blkback_guest_try_named(guest, nr, blkback_guest_max_named() / 2,
				       blkback_guest_max_all() / 2);
}

/**
 * blkback_guest_take_named() - count pages that requests are going to name
 * @guest: the guest
 * @nr: how many
 * @must: the queue has no other request, so this one is not refused
 *
 * Return: true if neither the guest nor all guests together name too many.
 */
bool blkback_guest_take_named(struct blkback_guest *guest, long nr, bool must)
{
	if (must)
		return blkback_guest_try_named(guest, nr, LONG_MAX, LONG_MAX);
	if (blkback_guest_try_named(guest, nr, blkback_guest_max_named(),
				    blkback_guest_max_all()))
		return true;
	blkback_guest_crowd();
	return false;
}

/**
 * blkback_guest_give_named() - fewer pages are named
 * @guest: the guest
 * @nr: how many
 */
void blkback_guest_give_named(struct blkback_guest *guest, long nr)
{
	blkback_guest_give(&guest->named, nr);
	blkback_guest_give(&blkback_all_mapped, nr);
}

/* Count a persistent grant for all guests. */
static bool blkback_guest_take_all_kept(void)
{
	long all = blkback_guest_max_all();

	/* Most often there is no room for long; so it is not written to. */
	if (atomic_long_read(&blkback_all_kept) >= all / 2 ||
	    !blkback_guest_take(&blkback_all_kept, 1, all / 2))
		return false;
	if (blkback_guest_take(&blkback_all_mapped, 1, all))
		return true;
	blkback_guest_give(&blkback_all_kept, 1);
	return false;
}

/**
 * blkback_guest_take_kept() - count a grant that is to stay mapped
 * @guest: the guest
 *
 * While a request uses it, it counts as named, too.
 *
 * Return: true if persistent grants take no more than half of what there is for
 * all mappings, and those of the guest no more than an eighth.
 */
bool blkback_guest_take_kept(struct blkback_guest *guest)
{
	long most = blkback_guest_max_all() / 8;

	if (atomic_long_read(&guest->kept) >= most ||
	    !blkback_guest_take(&guest->kept, 1, most))
		return false;
	if (blkback_guest_take_all_kept())
		return true;
	blkback_guest_give(&guest->kept, 1);
	blkback_guest_crowd();
	return false;
}

/**
 * blkback_guest_give_kept() - persistent grants were unmapped
 * @guest: the guest
 * @nr: how many
 */
void blkback_guest_give_kept(struct blkback_guest *guest, long nr)
{
	blkback_guest_give(&guest->kept, nr);
	blkback_guest_give(&blkback_all_kept, nr);
	blkback_guest_give(&blkback_all_mapped, nr);
}

/**
 * blkback_guest_take_poll() - take time to poll from the share of a guest
 * @guest: the guest
 * @now: the time; ns
 *
 * Return: for how long a queue of the guest may poll; ns.
 */
u32 blkback_guest_take_poll(struct blkback_guest *guest, u64 now)
{
	u32 ns;

	spin_lock(&guest->poll_lock);
	ns = blkback_poll_take(&guest->poll, now,
			       READ_ONCE(blkback_poll_share));
	spin_unlock(&guest->poll_lock);
	return ns;
}
