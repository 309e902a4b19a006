//! Intervals, comparisons and stopping rules on the log scale.
