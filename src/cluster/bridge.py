"""Carries lines between a coordinator and its workers on a Ray cluster.

Standard input: {"to": worker, "line": request} or {"replace": worker}, a JSON object a line. Standard output: {"up": worker, "place": where},
{"from": worker, "line": reply}, {"lost": worker, "why": words}, and first of all {"there": words} or {"error": words}. The one argument is JSON:
address, count, cores, command, folder. It ends with its input, and what it placed ends with it.
"""
import json
import os
import signal
import socket
import sys
import threading

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
out = os.fdopen(os.dup(1), "w", encoding="utf8")
os.dup2(2, 1)  # what Ray prints is no line of ours
writing = threading.Lock()


def say(message):
    with writing:
        out.write(json.dumps(message) + "\n")
        out.flush()


try:
    import ray
except ImportError as error:
    say({"error": f"{error}; npm run ray:install brings Ray"})
    sys.exit(1)

MARK = '{"adazeta":1,'


def end_with_parent():
    """Lets the system end a child whose parent is gone, even one that is frozen (Linux)."""
    try:
        import ctypes

        ctypes.CDLL("libc.so.6", use_errno=True).prctl(1, signal.SIGKILL)
    except OSError:
        pass


class Seat:
    """Runs one worker as a child and hands lines to it."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.start()

    def start(self):
        import shutil
        import subprocess

        # The coordinator's folder where it is shared, else the one that the job was submitted with.
        folder = self.folder if os.path.isdir(self.folder) else os.getcwd()
        program = self.command[0] if os.path.exists(self.command[0]) else shutil.which("node")
        if program is None:
            raise RuntimeError("no node program on this machine")
        self.child = subprocess.Popen(
            [program, *self.command[1:]], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=end_with_parent
        )
        self.line()

    def line(self):
        """Gives the next line of the worker's that is one of ours."""
        for raw in self.child.stdout:
            text = raw.decode("utf8", "replace")
            if text.startswith(MARK) and text.endswith("\n"):
                return text.rstrip("\n")
        status = self.child.wait()
        self.child = None
        raise RuntimeError(f"the worker ended with status {status}")

    def wake(self):
        """Starts a child that has ended, between two questions too."""
        if self.child is None or self.child.poll() is not None:
            self.start()

    def where(self):
        self.wake()
        return f"{ray.util.get_node_ip_address()}, node {ray.get_runtime_context().get_node_id()[:8]}, process {self.child.pid}"

    @ray.method(max_task_retries=0)  # whose answer does not come gives its queries away at once
    def ask(self, request):
        self.wake()
        self.child.stdin.write(request.encode() + b"\n")
        self.child.stdin.flush()
        return self.line()


def reach(address):
    """Fails at once where nothing listens, which Ray itself takes minutes to say."""
    host, _, port = address.rpartition(":")
    if port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=10).close()


def main():
    options = json.loads(sys.argv[1])
    try:
        reach(options["address"])
        ray.init(address=options["address"], log_to_driver=False, logging_level="ERROR")
    except Exception as error:  # whatever it is, its words are all there is to say
        say({"error": f"{options['address']}: expected a Ray cluster, got {type(error).__name__}: {error}"})
        os._exit(1)
    alive = [node for node in ray.nodes() if node["Alive"]]
    cores = sum(node["Resources"].get("CPU", 0) for node in alive)
    say({"there": f"Ray {ray.__version__}, {len(alive)} machines, {cores:g} cores"})
    kind = ray.remote(max_restarts=-1, max_task_retries=-1, num_cpus=options["cores"])(Seat)
    seats = {str(i): kind.remote(options["command"], options["folder"]) for i in range(options["count"])}

    def why(error):
        if isinstance(error, ray.exceptions.RayActorError):
            return f"its machine or its process ended ({type(error).__name__})"
        return str(error).strip().splitlines()[-1][:300] if str(error).strip() else type(error).__name__

    places = {}

    def watch(worker):
        """Asks where a worker is, every other second: Ray answers once it has placed it, again where it has to, and a new place is said."""

        def done(future):
            error = future.exception()
            place = None if error else future.result()
            if error:
                say({"lost": worker, "why": why(error)})
            elif places.get(worker) != place:
                say({"up": worker, "place": place})
            places[worker] = place
            again = threading.Timer(2, watch, [worker])
            again.daemon = True
            again.start()

        seats[worker].where.remote().future().add_done_callback(done)

    def ask(worker, line):
        def done(future):
            error = future.exception()
            if error is None:
                say({"from": worker, "line": future.result()})
            else:
                say({"lost": worker, "why": why(error)})
                places[worker] = None

        seats[worker].ask.remote(line).future().add_done_callback(done)

    for worker in seats:
        watch(worker)
    for raw in sys.stdin:
        message = json.loads(raw)
        if "to" in message:
            ask(message["to"], message["line"])
        elif "replace" in message:
            ray.kill(seats[message["replace"]], no_restart=False)  # its question fails, and its new place is said
    for seat in seats.values():
        ray.kill(seat)
    ray.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
