#!/bin/sh
# Puts the weights of agents into the image's /models: of each only what serving needs. Names folders of /agents.
set -eu
export HF_HOME=/models/huggingface INNERLOOP_CACHE=/tmp/prepared
if [ -s /run/secrets/hf_token ]; then export HF_TOKEN_PATH=/run/secrets/hf_token; fi
mkdir -p /models/models
for agent in "$@"; do
    folder=$(/opt/innerloop/bin/innerloop model prepare "/agents/$agent")
    case $folder in
        "$INNERLOOP_CACHE"/*) cp -r "$folder" /models/models/ ;;
    esac
done
rm -rf "$INNERLOOP_CACHE"
