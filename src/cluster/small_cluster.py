"""Starts a Ray of several machines on this one, to try it: each is a raylet with processor cores of its own.

Standard input: {"add": cores} or {"kill": number}, a JSON object a line; standard output: {"address": ...}, then {"added": number} or {"killed": number}.
The one argument is JSON: cores (a list, one machine each; the first has the head), folder (a short path for its files). It ends with its input.
"""
import json
import os
import signal
import sys
import tempfile

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
out = os.fdopen(os.dup(1), "w", encoding="utf8")
os.dup2(2, 1)


def say(message):
    out.write(json.dumps(message) + "\n")
    out.flush()


try:
    from ray.cluster_utils import Cluster
except ImportError as error:
    say({"error": f"{error}; npm run ray:install brings Ray"})
    sys.exit(1)

MEMORY = {"object_store_memory": 80 * 2**20}


def children(parent):
    """Gives the processes that a process started."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                if int(stat.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry))
        except OSError:
            pass
    return found


def switch_off(cluster, node):
    """Ends a machine as a power cut does: its raylet and all that runs on it, at once."""
    running = children(node.all_processes["raylet"][0].process.pid)
    cluster.remove_node(node, allow_graceful=False)
    for process in running:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main():
    options = json.loads(sys.argv[1])
    # Ray notes the latest cluster's address here, and expects the folder.
    os.makedirs(os.path.join(tempfile.gettempdir(), "ray"), exist_ok=True)
    first, *others = options["cores"]
    head = {"num_cpus": first, "include_dashboard": False, "temp_dir": options["folder"], **MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.head_node]
    try:
        for cores in others:
            nodes.append(cluster.add_node(num_cpus=cores, **MEMORY))
        say({"address": cluster.address})
        for raw in sys.stdin:
            message = json.loads(raw)
            if "add" in message:
                nodes.append(cluster.add_node(num_cpus=message["add"], **MEMORY))
                say({"added": len(nodes) - 1})
            elif "kill" in message:
                switch_off(cluster, nodes[message["kill"]])
                say({"killed": message["kill"]})
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
