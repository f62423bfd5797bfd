"""An agent microservice whose tools run inside its own decode loop."""
