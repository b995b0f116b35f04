import { isIP } from "node:net";
import { dirname } from "node:path";
import { parseOptions } from "@nightbeam/service";
import { listing, print } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import {
  type CertificateOwner,
  type MadeCertificates,
  makeCertificates,
} from "../certs/certificates.js";

const host = z
  .string()
  .trim()
  .refine(
    (name) => isIP(name) !== 0 || /^(\*\.)?[A-Za-z0-9]([-\w.]{0,251}[A-Za-z0-9])?$/.test(name),
    "give host names or addresses, separated by commas",
  );

const schema = z.object({
  hosts: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(host))
    .optional(),
});

/** `nightbeam certs` */
export function certsCommand(): Command {
  return new Command("certs")
    .argument("<dir>", "directory for the authority, the certificates and the keys")
    .option(
      "--hosts <list>",
      "names and addresses of the machines of the cluster, separated by commas (default: those before, or this machine)",
    )
    .action((directory: string, flags: Record<string, unknown>) => {
      const { hosts } = parseOptions(schema, flags);
      print(`${describe(makeCertificates(directory, hosts))}\n`);
    });
}

function describe({ files, renewed, hosts, validTo }: MadeCertificates): string {
  const { ca, clusterKey } = files;
  const own = (owner: CertificateOwner) => {
    const { cert, key } = files.of(owner);
    return `--tls-ca ${ca} --tls-cert ${cert} --tls-key ${key}`;
  };
  const [redis, nats] = [files.of("redis"), files.of("nats")];
  const rows = [
    ["nightbeam scheduler", own("scheduler")],
    ["nightbeam verifier", own("verifier")],
    ["nightbeam drafter", own("drafter")],
    [
      "redis-server",
      `--port 0 --tls-port 6379 --tls-cert-file ${redis.cert} --tls-key-file ${redis.key} --tls-ca-cert-file ${ca}`,
    ],
    [
      "nats-server",
      `-js --tls --tlscert ${nats.cert} --tlskey ${nats.key} --tlscacert ${ca} --tlsverify`,
    ],
    ["other commands", `--tls-ca ${ca}`],
  ];
  return [
    `${renewed ? "Renewed the certificates" : "Made an authority and certificates"} for ${hosts.join(", ")}.`,
    `They are valid until ${validTo.toISOString().slice(0, 10)}; run this command again to renew them, and restart the services.`,
    "",
    listing(rows),
    "",
    `All nodes: --redis rediss://HOST:6379 --nats tls://HOST:4222 --cluster-key-file ${clusterKey}`,
    "Copy to each machine ca.pem, cluster-key and its own certificate and key. Keep ca.key where no service runs.",
    `On this machine, nightbeam cluster up --tls ${dirname(ca)} starts a cluster with them.`,
  ].join("\n");
}
