//! The nouns of Wattsmith: units, parameters, configurations, trials, measurements.
