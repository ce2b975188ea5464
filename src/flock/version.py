"""The version of flock: packages and the command take it from here."""

VERSION = "0.1.0"
