"""Continuous batches: the library's own manager, which takes in a request whenever there is room."""

import threading

import transformers


class ContinuousBatches:
    def __init__(self, model, asked):
        config = transformers.ContinuousBatchingConfig(
            max_batch_tokens=asked.batch_tokens,
            max_requests_per_batch=asked.batch_size,
            # A prompt that was seen before would cost less than it does.
            allow_block_sharing=False,
        )
        page = config.page_size
        config.num_blocks = -(-asked.cache_tokens // page)
        generation = transformers.GenerationConfig(do_sample=False, eos_token_id=-1)
        self.manager = model.init_continuous_batching(generation, continuous_batching_config=config)
        self.answers = {}
        self.lock = threading.Lock()
        self.manager.start()
        threading.Thread(target=self.deliver, daemon=True).start()

    def begin(self, answer):
        name = f"{id(answer):x}"
        with self.lock:
            self.answers[name] = [answer, 0]
        self.manager.add_request(
            answer.prompt, request_id=name, max_new_tokens=answer.tokens, eos_token_id=-1, streaming=True
        )

    def deliver(self):
        for result in self.manager:
            with self.lock:
                entry = self.answers.get(result.request_id)
            if entry is None:
                continue
            answer, seen = entry
            tokens = result.generated_tokens[seen:]
            entry[1] += len(tokens)
            answer.put(tokens)
            if answer.gone.is_set():
                self.manager.cancel_request(result.request_id)
            if result.error:
                answer.fail(RuntimeError(result.error))
            elif result.is_finished():
                answer.end()
            if result.error or result.is_finished() or answer.gone.is_set():
                with self.lock:
                    self.answers.pop(result.request_id, None)
        with self.lock:
            left, self.answers = list(self.answers.values()), {}
        for answer, _ in left:
            answer.fail(RuntimeError("the batching manager ended"))

    def props(self):
        """As the library resolved them."""
        config = self.manager.continuous_batching_config
        return {
            "batch_size": config.max_requests_per_batch,
            "batch_tokens": config.max_batch_tokens,
            "cache_tokens": config.num_blocks * config.page_size,
            "async_batching": config.use_async_batching,
        }
