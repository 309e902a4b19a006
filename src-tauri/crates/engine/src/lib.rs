//! Inference servers: parameter catalogues, supervision, workloads over HTTP.
