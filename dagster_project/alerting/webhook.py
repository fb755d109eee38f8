"""Sending one alert to the webhook. Its address is a secret: it stands in no message, log or exception that leaves this module."""

import logging
from collections.abc import Mapping

ANSWER_SECONDS = (2.0, 3.0)  # to connect, to answer
TRIES = 2
TRY_AGAIN_ON = (429, 500, 502, 503, 504)


class NotDeliveredError(RuntimeError):
    """The receiver did not take the alert; says how, never where. `is_down`: it would take no other either."""

    def __init__(self, how: str, is_down: bool) -> None:
        super().__init__(how)
        self.is_down = is_down


def post(address: str, content: Mapping[str, str]) -> None:
    """POST the alert as JSON with its key as `Idempotency-Key`; raises NotDeliveredError unless the receiver says 2xx.

    Redirects are not followed: what is behind one was not configured.
    """
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it names the path of the address when it tries again
    retry = Retry(
        total=TRIES - 1,
        read=0,  # it may have been taken and only the answer be late: the next delivery tries, with the same key
        backoff_factor=0.2,
        status_forcelist=TRY_AGAIN_ON,
        allowed_methods=None,
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        try:
            answer = session.post(
                address,
                json=dict(content),
                headers={"Idempotency-Key": content["key"]},
                timeout=ANSWER_SECONDS,
                allow_redirects=False,
                stream=True,
            )
            status = answer.status_code
        except (requests.RequestException, ValueError, OSError) as error:
            raise NotDeliveredError(f"the webhook did not answer ({type(error).__name__})", is_down=True) from None
    if not 200 <= status < 300:
        raise NotDeliveredError(f"the webhook answered with status {status}", is_down=status in TRY_AGAIN_ON)
