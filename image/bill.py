"""Writes the bill of materials of the environment that runs this, in CycloneDX's JSON: `python bill.py FILE`.

cyclonedx-bom is in a folder of its own, /bill, so that it is not part of what it lists.
"""

import runpy
import sys

sys.path.append("/bill")
sys.argv[1:] = ["environment", "--output-reproducible", "--output-file", sys.argv[1], sys.executable]
runpy.run_module("cyclonedx_py", run_name="__main__")
