#!/bin/sh
# One part of a run of mqtt-sim for each task of a Slurm array:
#
#   sbatch --array=1-100 --no-requeue --cpus-per-task=1 --mem=512M deploy/slurm/part.sh nats://login:4222 night
#   mqtt-sim fleet --over nats://login:4222 --run-id night --parts 100 --clients 1000000 --url mqtt://broker:1883
#
# The first argument is the address of NATS, the second the run; further ones are flags of `mqtt-sim part`, such as
# --over-creds FILE or --password-file FILE. MQTT_SIM is the program, by default the `mqtt-sim` of the PATH.
# The coordinator numbers the parts: the script does not use SLURM_ARRAY_TASK_ID, and it ends with exit code 0 where a
# part has done its work, whatever the verdict.
#SBATCH --job-name=mqtt-sim-part
#SBATCH --no-requeue
#SBATCH --open-mode=append
set -eu
if [ "$#" -lt 2 ]; then
  echo "usage: sbatch --array=1-PARTS part.sh NATS-URL RUN [FLAGS OF mqtt-sim part]" >&2
  exit 2
fi
over=$1
run=$2
shift 2
# exec: SIGTERM of scancel reaches the program itself, which then leaves its report.
exec "${MQTT_SIM:-mqtt-sim}" part --over "$over" --run "$run" --host "${SLURMD_NODENAME:-slurm}" "$@"
