// The JavaScript SDK's client: `node client.mjs URL TRANSPORT`.
//
// Sends a message, streams another, follows and cancels a third; prints what it heard as one JSON object.

import { randomUUID } from "node:crypto";
import {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  SendMessageRequest,
  SubscribeToTaskRequest,
  taskStateToJSON,
} from "@a2a-js/sdk";
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from "@a2a-js/sdk/client";
import { GrpcTransportFactory } from "@a2a-js/sdk/client/grpc";

const TRANSPORTS = { JSONRPC: JsonRpcTransportFactory, "HTTP+JSON": RestTransportFactory, GRPC: GrpcTransportFactory };

const say = (text) =>
  SendMessageRequest.fromJSON({ message: { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }] } });
const textOf = (artifacts) => artifacts.flatMap((each) => each.parts.map((part) => part.content.value)).join("");
const stateOf = (task) => taskStateToJSON(task.status.state);

async function listen(events) {
  const heard = [];
  for await (const event of events) heard.push(event.payload);
  return heard;
}

const [url, transport] = process.argv.slice(2);
const client = await new ClientFactory({ transports: [new TRANSPORTS[transport]()] }).createFromUrl(url);
const result = await client.sendMessage(say("one"));
const sent = result.payload?.value ?? result;
const got = await client.getTask(GetTaskRequest.fromJSON({ id: sent.id }));
const heard = await listen(client.sendMessageStream(say("two")));
const begun = (await client.sendMessageStream(say("hold")).next()).value.payload.value;
const following = client.resubscribeTask(SubscribeToTaskRequest.fromJSON({ id: begun.id }));
const again = (await following.next()).value.payload.value;
const cancelled = await client.cancelTask(CancelTaskRequest.fromJSON({ id: begun.id }));
const rest = await listen(following);
const listed = await client.listTasks(ListTasksRequest.fromJSON({ pageSize: 2 }));
console.log(
  JSON.stringify({
    sent: [stateOf(sent), textOf(sent.artifacts)],
    got: [stateOf(got), textOf(got.artifacts)],
    streamed: [
      heard[0].$case,
      textOf(heard.filter((each) => each.$case === "artifactUpdate").map((each) => each.value.artifact)),
      stateOf(heard.at(-1).value),
    ],
    followed: [again.id === begun.id, stateOf(cancelled), stateOf(rest.at(-1).value)],
    listed: [listed.tasks.length, listed.totalSize],
  }),
);
process.exit(0); // its gRPC connection would keep it
