"""Ask an OpenAI-compatible chat endpoint about one text at a time, within a budget, and try again where that may help."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event, Lock

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, sleep_using_event, stop_after_attempt, wait_exponential_jitter

from aikind.data.labelling.endpoint_answers import InvalidAnswerError, NoAnswerError, prompt, read_answer
from aikind.data.recipe import EndpointPlan
from aikind.errors import RecipeError
from aikind.label_set import LabelSet

__all__ = ["GIVE_UP_AFTER", "ChatClient", "RequestFailedError"]

GIVE_UP_AFTER = 10  # texts on end, each failed with all its retries: the endpoint is down, or the account is empty
_FIRST_WAIT = 1.0  # seconds; doubles with every retry, and as much again at most is added by chance
_LONGEST_WAIT = 120.0
_PASSING = {408, 409, 425, 429}  # and every 5xx
_HOPELESS = {
    401: "the key was refused. Put a valid one into the environment variable that api_key_env names",
    403: "the key may not use this model. Check the account behind api_key_env, and the name given as model",
    404: "there is no such address or model. Check that url ends as the provider says, mostly in /v1, and the name given as model",
}


class RequestFailedError(NoAnswerError):
    """A request got no answer. ``again``: the next one may; ``after``: in so many seconds, where the server said so."""

    def __init__(self, message: str, *, again: bool = False, after: float | None = None) -> None:
        super().__init__(message)
        self.again, self.after = again and (after or 0.0) <= _LONGEST_WAIT, after


class ChatClient:
    """Connects when it is entered; safe to use from several threads.

    Raises:
        RecipeError: The URL is none; ``where`` names the recipe.

    Attributes:
        requests: How many requests were sent.
    """

    def __init__(self, plan: EndpointPlan, label_set: LabelSet, key: str, where: str) -> None:
        self._plan, self._label_set, self._key, self._where = plan, label_set, key, where
        self._prompt = prompt(label_set)
        self._url = plan.url.rstrip("/") + "/chat/completions"
        self._lock, self._stopped = Lock(), Event()
        self.requests = self._failed_on_end = 0
        try:
            url = httpx.URL(self._url)
        except httpx.InvalidURL as error:
            raise RecipeError(f"{where}: url = {plan.url!r} in [labelling.endpoint]: {error}") from error
        if not url.host or (url.port or 0) > 65535:
            raise RecipeError(f"{where}: url = {plan.url!r} in [labelling.endpoint] names no host, or a port above 65535")

    def __enter__(self) -> ChatClient:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        limits = httpx.Limits(max_connections=self._plan.parallel)
        self._http = httpx.Client(headers=headers, timeout=self._plan.timeout_seconds, limits=limits)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def spent(self) -> bool:
        """Whether the budget is used up."""
        return self.requests >= self._plan.most_requests

    def stop(self) -> None:
        """Send nothing more; whoever waits for a retry gives up."""
        self._stopped.set()

    def ask(self, text: str) -> dict[str, str] | None:
        """An answer for every label; None when the budget was used up, or all was stopped, before the text was sent.

        An invalid answer is asked for once more.

        Raises:
            InvalidAnswerError: Twice, or once and the budget is used up.
            RequestFailedError: No answer came.
            RecipeError: The endpoint refuses all that may come.
        """
        body = {
            "model": self._plan.model,
            "temperature": 0,
            "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": self._prompt}, {"role": "user", "content": text}],
        }
        invalid: InvalidAnswerError | None = None
        for _ in range(2):
            reply = self._reply(body)
            if reply is None:
                break
            try:
                return read_answer(self._content(reply), self._label_set)
            except InvalidAnswerError as error:
                invalid = error
        if invalid is not None:
            raise invalid
        return None

    def _reply(self, body: dict[str, object]) -> bytes | None:
        try:
            reply = self._retried(body)
        except RequestFailedError:
            with self._lock:
                self._failed_on_end += 1
            if self._failed_on_end >= GIVE_UP_AFTER:
                self.stop()
            raise
        with self._lock:
            self._failed_on_end = 0
        return reply

    def _retried(self, body: dict[str, object]) -> bytes | None:
        failed: RequestFailedError | None = None

        def attempt() -> bytes | None:
            nonlocal failed
            if not self._take():
                if failed is None:
                    return None
                raise RequestFailedError(str(failed))
            try:
                return self._send(body)
            except RequestFailedError as error:
                failed = error
                raise

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, RequestFailedError) and error.again),
            stop=stop_after_attempt(self._plan.retries + 1),
            wait=_wait,
            sleep=sleep_using_event(self._stopped),
            reraise=True,
        )
        return retrying(attempt)

    def _take(self) -> bool:
        with self._lock:
            if self.spent or self._stopped.is_set():
                return False
            self.requests += 1
            return True

    def _send(self, body: dict[str, object]) -> bytes:
        # The library's timeout is for each read; a server that trickles would never meet it.
        deadline = time.monotonic() + self._plan.timeout_seconds
        parts = []
        try:
            with self._http.stream("POST", self._url, json=body) as response:
                for part in response.iter_bytes():
                    parts.append(part)
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("too slow")
        except httpx.TimeoutException as error:
            raise RequestFailedError(f"no answer within {self._plan.timeout_seconds:g} seconds", again=True) from error
        except httpx.RequestError as error:
            raise RequestFailedError(f"{type(error).__name__}: {error}", again=True) from error
        reply = b"".join(parts)
        if response.is_success:
            return reply
        status = response.status_code
        said = f"HTTP {status} {response.reason_phrase}: {self._shown(reply)}"
        if status in _HOPELESS:
            self.stop()
            raise RecipeError(f"{self._where}: {self._url} answers {said}; {_HOPELESS[status]}")
        after = _retry_after(response.headers.get("Retry-After"))
        asks = "" if after is None else f"; asks to wait {after:.0f} seconds"
        raise RequestFailedError(said + asks, again=status in _PASSING or status >= 500, after=after)

    def _content(self, reply: bytes) -> str:
        try:
            content = json.loads(reply)["choices"][0]["message"]["content"]
        except (ValueError, RecursionError, LookupError, TypeError):
            content = None
        if not isinstance(content, str):
            raise InvalidAnswerError(f"the reply has no choices[0].message.content: {self._shown(reply)}")
        return content

    def _shown(self, reply: bytes) -> str:
        """The beginning of a reply, for messages; a server may send the key back, and messages end up in the card."""
        text = reply.decode(errors="replace")
        return repr((text.replace(self._key, "[key]") if self._key else text)[:200])


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RequestFailedError) and error.after is not None:
        return error.after
    return wait_exponential_jitter(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT, jitter=_FIRST_WAIT)(state)


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait: the header gives them, or a date."""
    try:
        seconds = float(header or "")
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header or "") - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):  # neither, or a date without a time zone
            return None
    return max(0.0, seconds)
