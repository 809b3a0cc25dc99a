#!/bin/sh
# One part of a run for each task of a Slurm array. The coordinator is anywhere that reaches NATS:
#
#   sbatch --array=1-100 deploy/slurm/part.sh nats://login:4222 night
#   mqtt-sim fleet --over nats://login:4222 --run-id night --parts 100 --url mqtt://broker --clients 1000000
#
# MQTT_SIM is the program, mqtt-sim by default. The array's index is not used: the coordinator gives the numbers.
#SBATCH --job-name=mqtt-sim-part
#SBATCH --no-requeue
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=512M
if [ $# -lt 2 ]; then
  echo "usage: sbatch --array=1-N part.sh NATS_URL RUN [FLAGS of mqtt-sim part]" >&2
  exit 2
fi
over=$1 run=$2
shift 2
exec ${MQTT_SIM:-mqtt-sim} part --over "$over" --run "$run" --host "${SLURMD_NODENAME:-node}" "$@"
