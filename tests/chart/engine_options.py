"""Where the engine of a command `vllm serve` differs from one with these arguments, both as JSON on standard input.

A process of its own, for importing vLLM warns of much.
"""

from __future__ import annotations

import json
import sys

from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.cli.serve import cmd_init
from vllm.utils.argparse_utils import FlexibleArgumentParser

given = json.load(sys.stdin)
parser = FlexibleArgumentParser()
cmd_init()[0].subparser_init(parser.add_subparsers())
parsed = AsyncEngineArgs.from_cli_args(parser.parse_args(given["command"]))
wanted = AsyncEngineArgs(**given["arguments"])
both = {name: (repr(getattr(parsed, name)), repr(getattr(wanted, name))) for name in given["arguments"]}
print(json.dumps({name: each for name, each in both.items() if each[0] != each[1]}))
