// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the state of a device.
 *
 *   state      in XenStore  when
 *   PROBING    -            at first
 *   WAITING    InitWait     the offer was published: after probe, and whenever
 *                           the frontend starts again
 *   PENDING    unchanged    the frontend is ready, but its previous connection
 *                           has not ended
 *   CONNECTED  Connected    a connection was set up
 *   CLOSING    Closing      the frontend is closing
 *   REFUSED    Closing      the frontend broke a rule, or something failed
 *   CLOSED     Closed       the frontend has closed
 *   LEAVING    unchanged    the frontend is gone; xenbus removes the device
 *   REMOVED    unchanged    the driver is no longer bound
 *
 * The table below says from which states each can be entered.  No other
 * transition happens; in particular:
 *
 *   - a frontend that was refused is not connected, so CONNECTED never follows
 *     REFUSED, even if a thread refuses it while it is being connected;
 *   - CLOSING and REFUSED do not replace each other: the first of them says who
 *     closes;
 *   - a device that is leaving does not return.
 *
 * All transitions are made under blkback.transition, except that to REFUSED,
 * which the thread of a queue may make at any time.
 */

#include "blkback.h"

/* States of a device that is in use. */
#define BLKBACK_LIVE	(BIT(BLKBACK_PROBING) | BIT(BLKBACK_WAITING) |	\
			 BIT(BLKBACK_PENDING) | BIT(BLKBACK_CONNECTED) |	\
			 BIT(BLKBACK_CLOSING) | BIT(BLKBACK_REFUSED) |	\
			 BIT(BLKBACK_CLOSED))

/**
 * struct blkback_transition - how a state is entered
 * @published: state to write to XenStore, XenbusStateUnknown for none
 * @from: bits of the states from which it can be entered
 */
struct blkback_transition {
	enum xenbus_state published;
	u32 from;
};

static const struct blkback_transition blkback_transitions[] = {
	[BLKBACK_WAITING] = {
		XenbusStateInitWait,
		BLKBACK_LIVE & ~BIT(BLKBACK_WAITING),
	},
	[BLKBACK_PENDING] = {
		XenbusStateUnknown,
		BIT(BLKBACK_WAITING) | BIT(BLKBACK_PENDING) |
		BIT(BLKBACK_CLOSED),
	},
	[BLKBACK_CONNECTED] = {
		XenbusStateConnected,
		BIT(BLKBACK_WAITING) | BIT(BLKBACK_PENDING) |
		BIT(BLKBACK_CLOSED),
	},
	[BLKBACK_CLOSING] = {
		XenbusStateClosing,
		BLKBACK_LIVE & ~BIT(BLKBACK_REFUSED),
	},
	[BLKBACK_REFUSED] = {
		XenbusStateClosing,
		BLKBACK_LIVE & ~BIT(BLKBACK_CLOSING),
	},
	[BLKBACK_CLOSED] = { XenbusStateClosed, BLKBACK_LIVE },
	[BLKBACK_LEAVING] = { XenbusStateUnknown, BLKBACK_LIVE },
	[BLKBACK_REMOVED] = {
		XenbusStateUnknown,
		BLKBACK_LIVE | BIT(BLKBACK_LEAVING),
	},
};

static bool blkback_set_state_locked(struct blkback *blkback,
				     enum blkback_state state)
{
	const struct blkback_transition *to = &blkback_transitions[state];

	lockdep_assert_held(&blkback->lock);
	if (!(to->from & BIT(blkback->state)))
		return false;
	WRITE_ONCE(blkback->state, state);
	if (to->published != XenbusStateUnknown)
		xenbus_switch_state(blkback->dev, to->published);
	return true;
}

/**
 * blkback_set_state() - have a device enter a state, and publish it
 * @blkback: the device
 * @state: the new state
 *
 * Context: process context; takes blkback.lock and sleeps.
 *
 * Return: false if the device cannot enter that state from the one that it is
 * in; then nothing was done.
 */
bool blkback_set_state(struct blkback *blkback, enum blkback_state state)
{
	bool entered;

	mutex_lock(&blkback->lock);
	entered = blkback_set_state_locked(blkback, state);
	mutex_unlock(&blkback->lock);
	return entered;
}

static void blkback_report(struct blkback *blkback, int err, const char *fmt,
			   va_list *args)
{
	struct va_format vaf = { .fmt = fmt, .va = args };

	xenbus_dev_error(blkback->dev, err, "%pV", &vaf);
}

/**
 * blkback_fail() - close a device because something failed on this side
 * @blkback: the device
 * @err: -errno
 * @fmt: what failed, for the log and for XenStore's error node
 *
 * Context: process context; takes blkback.lock and sleeps.
 */
void blkback_fail(struct blkback *blkback, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	blkback_report(blkback, err, fmt, &args);
	va_end(args);
	blkback_set_state(blkback, BLKBACK_REFUSED);
}

/**
 * blkback_refuse() - refuse a frontend for what it wrote to XenStore
 * @blkback: the device
 * @err: -errno
 * @fmt: what is wrong, for the log and for XenStore's error node
 *
 * A frontend can reconnect and be refused as often as it likes, so the reason
 * is given at a limited rate, to not fill dom0's log.
 *
 * Context: process context; takes blkback.lock and sleeps.
 */
void blkback_refuse(struct blkback *blkback, int err, const char *fmt, ...)
{
	va_list args;

	if (__ratelimit(&blkback->log)) {
		va_start(args, fmt);
		blkback_report(blkback, err, fmt, &args);
		va_end(args);
	}
	blkback_set_state(blkback, BLKBACK_REFUSED);
}

/**
 * blkback_refuse_broken() - refuse a frontend that broke the rules of a ring
 * @conn: its connection
 * @why: what it did, for the log and for XenStore's error node
 *
 * If the connection was stopped meanwhile, the device may already be setting up
 * the next one, and is left alone.  Whoever stops a connection takes
 * blkback.lock before the device enters another state.
 *
 * Context: the thread of a queue; takes blkback.lock and sleeps.
 */
void blkback_refuse_broken(struct blkback_conn *conn, const char *why)
{
	struct blkback *blkback = conn->blkback;

	mutex_lock(&blkback->lock);
	blkback->stats.error.protocol++;
	if (READ_ONCE(conn->state) == BLKBACK_CONN_BROKEN) {
		if (__ratelimit(&blkback->log))
			xenbus_dev_error(blkback->dev, -EPROTO, "%s", why);
		blkback_set_state_locked(blkback, BLKBACK_REFUSED);
	}
	mutex_unlock(&blkback->lock);
}
