"""Docker's health check: whether the service in this container is alive, as the exit status."""

import http.client
import os

management = http.client.HTTPConnection("127.0.0.1", int(os.environ["INNERLOOP_MANAGEMENT_PORT"]), timeout=4)
management.request("GET", "/livez")
raise SystemExit(management.getresponse().status != 200)
