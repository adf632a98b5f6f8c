"""Guards every Python process that has this folder on PYTHONPATH: Python imports it when it starts.

For programs of others that serve the store, and start processes of their own: no connection but to this machine, and no
program but Python. (MLflow's page has an assistant that would start a command-line client of a cloud.)
"""

from email_assistant.privacy import guard

guard.protect()
guard.start_python_alone()
