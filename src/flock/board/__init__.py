"""The blackboard: one protocol, several stores."""
