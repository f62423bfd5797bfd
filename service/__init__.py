"""An agent microservice whose tools run inside its own decode loop."""

import os

# The A2A SDK reads it when it is imported. A call is 59 spans in it, in two traces; those of ours are its story.
os.environ.setdefault("OTEL_INSTRUMENTATION_A2A_SDK_ENABLED", "false")
