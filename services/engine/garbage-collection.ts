/**
 * Most of what lines leave behind is garbage at once, and what stays is little. Four threads that look for it together
 * spend more time on each other than on it (a tenth of all CPU in a replay), and the pause is not shorter for it.
 */
import { setFlagsFromString } from "node:v8"

setFlagsFromString("--no-parallel-scavenge")
