//! From sensors to joules: NVML, RAPL and the CPU-time estimate.
