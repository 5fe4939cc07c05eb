"""Prints the RDS token that botocore signs for PGUSER at IRSA_SIGN_HOST:IRSA_SIGN_PORT, with its default chain."""

import os

import botocore.session

client = botocore.session.get_session().create_client("rds")
print(
    client.generate_db_auth_token(
        DBHostname=os.environ["IRSA_SIGN_HOST"],
        Port=int(os.environ["IRSA_SIGN_PORT"]),
        DBUsername=os.environ["PGUSER"],
    )
)
