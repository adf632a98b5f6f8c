"""Guards every Python process that has this folder on PYTHONPATH, since Python imports this module when it starts.

Used for MLflow's server, which starts processes of its own: they connect only to this machine and start only Python.
(MLflow's page offers an assistant that would start the command-line client of a cloud service.)
"""

from email_assistant.privacy import guard

guard.protect()
guard.forbid_other_programs()
