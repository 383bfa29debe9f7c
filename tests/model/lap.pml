/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model of separate rings, lap bytes and event words, as in
 * xen-blkif/separate.h.
 *
 * There are four processes, the most that can run at the same time: in the
 * frontend, the submission of requests and the interrupt handler; in the
 * backend, one that takes requests and one that answers them in any order.
 * The following holds for all interleavings:
 *
 *   - no slot is overwritten before it was read, and none is read before it was
 *     completely written (asserts on the ghost variables live_*)
 *   - no request is lost, taken twice or answered twice (asserts on state[])
 *   - no wake-up is lost: every request is answered, and processes that sleep at
 *     the end have nothing to do (no invalid end state).  The interrupt handler
 *     may ask for any response up to the last one in flight, not only the next
 *   - the backend never sees more requests than there are slots, because this
 *     frontend follows the protocol (assert on answered)
 *
 * Counts are bytes that start just below 256 and wrap.  With one of these
 * definitions the model fails:
 *
 *   -DFAULT_REARM    do not peek after the event word was stored
 *   -DFAULT_LAP      store the lap byte before the body
 *   -DFAULT_COUNT    count a response after it was published
 *   -DFAULT_AHEAD    ask for a response after the last one in flight
 *   -DFAULT_PENDING  do not peek after an event was acknowledged
 *
 * Only the interrupt handler lowers the number of requests in flight.  It can
 * therefore read the number in the step that stores the event word.
 *
 * An action that no other process sees is merged into the step before or after
 * it:
 *   - the body of a slot is written when the slot is chosen, because no process
 *     reads it before the lap byte, which is a step of its own
 *   - the body is read in the step that finds the lap byte, because a live slot
 *     does not change
 *   - publish reads the event word and notifies in one step, because a later
 *     notification wakes a process that would have been awake
 * Peeking at a ring, the store to the event word and the last peek are separate
 * steps.
 */

#ifndef SLOTS
#define SLOTS	2
#endif
#ifndef REQUESTS
#define REQUESTS 5
#endif

#define START	254	/* of all counts */
#define END	((START + REQUESTS) & 255)
#define ADD(count, n)	(((count) + (n)) & 255)

/* States of a tag: a request is put, taken and answered, then the tag is free. */
#define FREE	0
#define PUT	1
#define TAKEN	2
#define ANSWERED 3

byte state[SLOTS];

byte req_lap[SLOTS], req_body[SLOTS];
byte rsp_lap[SLOTS], rsp_body[SLOTS];
bool live_req[SLOTS], live_rsp[SLOTS];
byte req_event = START + 1, rsp_event = START + 1;

/*
 * An event channel stays pending until the event is acknowledged.  The
 * backend's handler sets event_pending for the thread.  Until the thread has
 * seen it, the next event stays pending, as in xen-blkback/queue.c.
 */
bool irq_back, irq_front;
bool event_pending;

byte in_flight;		/* tags that are not free */
byte answered = START;	/* the backend's count of responses */

#define NEXT(slot, lap)							\
	slot++;								\
	if								\
	:: slot == SLOTS -> slot = 0; lap = 3 - lap			\
	:: else								\
	fi

/* Is event in (from, to]?  Modulo 256. */
#define PASSED(event, from, to)						\
	(((to - event) & 255) < ((to - from) & 255))

#if SLOTS == 1
#define ANY_TAKEN	(state[0] == TAKEN)
#elif SLOTS == 2
#define ANY_TAKEN	(state[0] == TAKEN || state[1] == TAKEN)
#else
#define ANY_TAKEN							\
	(state[0] == TAKEN || state[1] == TAKEN || state[2] == TAKEN)
#endif

#ifdef FAULT_LAP
#define FIRST(what, slot, mark, val)	what##_lap[slot] = mark
#define SECOND(what, slot, mark, val)	what##_body[slot] = val
#else
#define FIRST(what, slot, mark, val)	what##_body[slot] = val
#define SECOND(what, slot, mark, val)	what##_lap[slot] = mark
#endif

#ifdef FAULT_AHEAD
#define BEYOND	1
#else
#define BEYOND	0
#endif

proctype submit()
{
	byte slot, lap = 1, count = START, checked = START, tag;

	do
	:: d_step {
		count != END && in_flight < SLOTS ->
		/* The choice of the tag makes no difference. */
		do
		:: state[tag] != FREE -> tag++
		:: else -> break
		od;
		state[tag] = PUT;
		in_flight++;
		assert(!live_req[slot]);
		live_req[slot] = true;
		FIRST(req, slot, lap, tag)
	   }
	   d_step {
		SECOND(req, slot, lap, tag);
		NEXT(slot, lap);
		count = ADD(count, 1);
		tag = 0
	   }

	/* Publish at any time, but always before waiting. */
	:: d_step {
		checked != count ->
		if
		:: PASSED(req_event, checked, count) ->
			if
			:: event_pending -> irq_back = true
			:: else -> event_pending = true
			fi
		:: else
		fi;
		checked = count
	   }
	:: count == END && checked == count -> break
	od
}

proctype complete()
{
	byte slot, lap = 1, count = START, tag;

again:
	do
	:: count == END -> break
	:: d_step {
		count != END && rsp_lap[slot] == lap ->
		tag = rsp_body[slot];
		assert(live_rsp[slot]);
		live_rsp[slot] = false;
		assert(state[tag] == ANSWERED);
		state[tag] = FREE;
		NEXT(slot, lap);
		count = ADD(count, 1);
		in_flight--;
		tag = 0
	   }
	:: count != END && rsp_lap[slot] != lap ->
		if
		:: rsp_event = ADD(count, 1)
#if SLOTS > 1
		:: d_step { in_flight + BEYOND > 1 -> rsp_event = ADD(count, 2) }
#endif
#if SLOTS > 2
		:: d_step { in_flight + BEYOND > 2 -> rsp_event = ADD(count, 3) }
#endif
		fi;
#ifndef FAULT_REARM
		if
		:: rsp_lap[slot] == lap -> goto again
		:: else
		fi;
#endif
		d_step { irq_front -> irq_front = false }
	od
}

proctype take()
{
	byte slot, lap = 1, count = START, tag;

again:
	do
	:: d_step {
		req_lap[slot] == lap ->
		assert(ADD(count, -answered) < SLOTS);
		tag = req_body[slot];
		assert(live_req[slot]);
		live_req[slot] = false;
		assert(state[tag] == PUT);
		state[tag] = TAKEN;
		NEXT(slot, lap);
		count = ADD(count, 1);
		tag = 0
	   }
	:: req_lap[slot] != lap ->
		req_event = ADD(count, 1);
		if
		:: req_lap[slot] == lap
		:: else ->
			if
			:: d_step {
				event_pending ->
				event_pending = irq_back;
				irq_back = false
			   }
#ifndef FAULT_PENDING
				if
				:: req_lap[slot] == lap -> goto again
				:: else
				fi
#endif
			:: else
			fi;
end_take:		event_pending
		fi
	od
}

#ifdef FAULT_COUNT
#define COUNT_FIRST	skip
#define COUNT_LATE	; answered = ADD(answered, 1)
#else
#define COUNT_FIRST	answered = ADD(answered, 1)
#define COUNT_LATE
#endif

#define ANSWER(n)							\
	d_step {							\
		state[n] == TAKEN ->					\
		state[n] = ANSWERED;					\
		assert(!live_rsp[slot]);				\
		live_rsp[slot] = true;					\
		COUNT_FIRST;						\
		FIRST(rsp, slot, lap, n)				\
	}								\
	d_step {							\
		SECOND(rsp, slot, lap, n);				\
		NEXT(slot, lap);					\
		count = ADD(count, 1)					\
	} COUNT_LATE

proctype answer()
{
	byte slot, lap = 1, count = START, checked = START;

	do
	/* Answer the requests that were taken in any order. */
	:: ANSWER(0)
#if SLOTS > 1
	:: ANSWER(1)
#endif
#if SLOTS > 2
	:: ANSWER(2)
#endif
	/* Publish at any time, but always before waiting. */
	:: d_step {
		checked != count ->
		if
		:: PASSED(rsp_event, checked, count) -> irq_front = true
		:: else
		fi;
		checked = count
	   }
	:: checked == count ->
end_answer:	ANY_TAKEN
	od
}

init
{
	atomic {
		run submit();
		run complete();
		run take();
		run answer()
	}
}
