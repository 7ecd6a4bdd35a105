"""Which numbers the code gives: raised whenever the same configuration on the same bars would give others."""

CODE_VERSION = "6"
