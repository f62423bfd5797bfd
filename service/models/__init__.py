"""Getting weights ready: a base model and an agent's adapter become a folder that vLLM loads."""
