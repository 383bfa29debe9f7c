/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model of the backend's queues at rest, as in xen-blkback/rest.c: a thread that
 * ends when it has nothing to do, and a work item that starts another.
 *
 * There are the frontend, which sends requests; the interrupt handler; the work
 * item of the queue; its thread; and whoever stops the connection.
 * The following holds for all interleavings:
 *
 *   - no request waits for ever, unless the connection is stopped first (no
 *     invalid end state)
 *   - only one of them uses the queue at a time (assert on users)
 *   - the connection is torn down exactly once, when nobody uses the queue and
 *     the work item is not queued (asserts in teardown)
 *
 * With one of these definitions the model fails:
 *
 *   -DFAULT_IRQ      the handler reads the state before it sets pending
 *   -DFAULT_REST     do not look at pending after REST was set
 *   -DFAULT_COUNT    count the work item after it was queued
 *   -DFAULT_HAND     the thread does not hand its count on, but drops it
 *
 * Loads and stores happen in the order of the program, as the full barriers in
 * the sources see to.  The work item may fail to start a thread a few times.
 */

#ifndef REQUESTS
#define REQUESTS 3
#endif

mtype = { CLAIMED, ACTIVE, REST };

mtype state = CLAIMED;
byte ring = 0;		/* requests that were sent */
byte taken = 0;
byte word = 1;		/* the event word: the request that is to raise an event */
bool event = true;	/* Xen has one; it raises one when a channel is bound */
bool masked = false;	/* until the handler's event is acknowledged */
bool pending = false;
bool queued = false;	/* the work item */
bool later = false;	/* the same, by its timer */
bool thread = false;
byte fails = 2;
bool stopped = false;
byte running = 2;	/* one is for whoever stops; the work item was queued */
bool torn = false;
byte users = 0;
bool sent = false;

inline use() { users++; assert(users == 1 && !torn) }
inline unuse() { users-- }

inline put() {
	d_step {
		assert(running > 0);
		running--;
		if
		:: running == 0 ->
			assert(!torn && !queued && !later && !thread);
			torn = true
		:: else
		fi
	}
}

/* blkback_rest_wake() */
inline wake(claimed) {
	if
	:: !stopped ->
		d_step {
			claimed = (state == REST);
			if
			:: claimed -> state = CLAIMED
			:: else
			fi
		}
		if
		:: claimed -> begin(claimed)
		:: else
		fi
	:: else
	fi
}

/* blkback_rest_begin_claimed() */
inline begin(counted) {
#ifdef FAULT_COUNT
	queued = true;
	d_step { running = (running > 0 -> running + 1 : 0) }
#else
	d_step {
		counted = (running > 0);
		running = (running > 0 -> running + 1 : 0)
	}
	if
	:: counted -> queued = true
	:: else
	fi
#endif
}

/* blkback_wait_rearm() */
inline rearm(more) {
	more = false;
	if
	:: stopped
	:: else ->
		word = taken + 1;
		if
		:: ring > taken -> more = true
		:: else ->
			if
			:: d_step { pending -> pending = false; masked = false };
				more = (ring > taken)
			:: else
			fi
		fi
	fi
}

active proctype frontend() {
	byte i = 0;

	do
	:: i < REQUESTS ->
		ring++;
		d_step {
			if
			:: word == ring -> event = true
			:: else
			fi
		}
		i++
	:: else -> break
	od;
	sent = true
}

active proctype irq() {
	mtype seen;
	bool claimed;

end:	do
	:: d_step { event && !masked && !torn -> event = false; masked = true };
#ifdef FAULT_IRQ
		seen = state;
		pending = true;
#else
		pending = true;
		seen = state;
#endif
		if
		:: seen != ACTIVE -> wake(claimed)
		:: else
		fi
	od
}

/* blkback_rest_cancel() */
inline cancel() {
	if
	:: d_step { queued || later -> queued = false; later = false };
		put()
	:: else
	fi
}

active proctype work() {
	bool more, claimed;

	queued = true;
end:	do
	:: d_step { queued && !thread -> queued = false };
		use();
		rearm(more);
		if
		:: more && fails == 0 ->
			unuse();
			d_step { state = ACTIVE; thread = true }
		:: more && fails > 0 ->
			fails--;
			unuse();
			later = true;
			if
			:: stopped -> cancel()
			:: else
			fi
		:: !more ->
			unuse();
			state = REST;
#ifndef FAULT_REST
			if
			:: pending -> wake(claimed)
			:: else
			fi;
#endif
			put()
		fi
	:: d_step { later -> later = false; queued = true }
	od
}

active proctype server() {
	bool more;

end:	do
	:: thread ->
		use();
again:		do
		:: ring > taken && !stopped -> taken++
		:: else -> break
		od;
		rearm(more);
		if
		:: more -> goto again
		:: else
		fi;
		if
		:: stopped ->
			unuse();
			d_step { thread = false };
			put()
		:: !stopped && pending -> goto again
		/* It sleeps. */
		:: atomic { pending || stopped };
			goto again
		/* It has slept for long. */
		:: !pending ->
			unuse();
			state = CLAIMED;
			d_step { thread = false; queued = true };
#ifdef FAULT_HAND
			put()
#endif
		fi
	od
}

/* Whoever stops the connection does so at any time, or never. */
active proctype stop() {
	if
	:: true ->
		stopped = true;
		cancel();
		put()
	:: true
	fi;
end:	do
	:: false
	od
}

/* When nothing moves any more, all is done. */
active proctype judge() {
	timeout;
	assert(!later && !queued);
	assert(stopped -> torn : sent && ring == taken)
}
