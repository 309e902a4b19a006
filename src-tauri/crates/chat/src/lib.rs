//! LLM connections, prompt templates, reply parsing.
