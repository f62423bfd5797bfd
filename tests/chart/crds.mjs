// Checks custom resources, a JSON array on standard input, against their schemas. Prints what is wrong with each.
import { text } from "node:stream/consumers";
import { GRPCRoute, HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const models = { GRPCRoute, HTTPRoute, PrometheusRule, ScaledObject, ServiceMonitor };
for (const object of JSON.parse(await text(process.stdin))) {
  try {
    new models[object.kind](object).validate();
  } catch (error) {
    console.log(`${object.kind} ${object.metadata.name}: ${error.message}`);
  }
}
