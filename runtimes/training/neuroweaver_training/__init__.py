"""The training runtime: `agent` talks with the control plane, `trainer` turns a specification and data into a model."""

__version__ = '0.1.0'
