/** Bounds of runs. Those that an operator sets stand in gateway/limits.ts. */

/** A gateway that shows no sign of life for this long has its ranges taken over by the others. */
export const HEARTBEAT_SECONDS = 10;
/** How often it is looked for such gateways. */
export const SUPERVISE_SECONDS = 5;
/** A range that fails without saying why is tried this often, then its run fails. */
export const RANGE_TRIES_MAX = 20;
/** The queue gives a range out this often, a gateway that is killed takes one each time: far more, since whoever has it beyond its tries ends its run. */
export const RANGE_JOB_TRIES_MAX = 1_000;
/** Pause before a range that failed is tried again. */
export const RETRY_SECONDS = 1;
/** A register that is down is asked again after this long, and twice as long each time up to the bound. */
export const PAUSE_MS_MIN = 500;
export const PAUSE_MS_MAX = 10_000;
/** A run that stays paused for this long fails. */
export const PAUSED_MS_MAX = 12 * 3_600_000;
/** Jobs that are done are forgotten after this long. */
export const JOBS_KEPT_SECONDS = 3_600;
/** Connections to PostgreSQL that jobs have in each gateway. */
export const JOB_CONNECTIONS_MAX = 2;
/** A range under way may take this long to end when the gateway stops; then it is given back. */
export const STOP_TIMEOUT_MS = 5_000;
/** Pause between two looks at a run that is followed, should a notice get lost. */
export const FOLLOW_MS = 500;
/** Without a notice, gateways look this often whether there are runs to take part in. */
export const RUNS_POLL_MS = 2_000;
/** The rate of a run is of this long. */
export const RATE_SECONDS = 10;
/** Runs under way at once, of all analysts together. */
export const RUNS_UNDER_WAY_MAX = 20;
/** People of one run. */
export const PEOPLE_MAX = 200_000_000;
