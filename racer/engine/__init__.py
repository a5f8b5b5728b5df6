"""The only package that touches OS threads and time: turnstile, thread pool, watchdog, free runner."""
