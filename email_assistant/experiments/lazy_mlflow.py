"""MLflow's names, imported on first use: importing MLflow takes two seconds, and many runs need no store."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient as MlflowClient
    from mlflow.entities import Dataset as Dataset
    from mlflow.entities import DatasetInput as DatasetInput
    from mlflow.entities import InputTag as InputTag
    from mlflow.entities import Metric as Metric
    from mlflow.entities import Param as Param
    from mlflow.entities import Run as Run
    from mlflow.entities import ViewType as ViewType
    from mlflow.entities.model_registry import ModelVersion as ModelVersion
    from mlflow.exceptions import MlflowException as MlflowException
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor as SystemMetricsMonitor
    from sqlalchemy.exc import DatabaseError as DatabaseError

_MODULES = {
    "MlflowClient": "mlflow",
    "Dataset": "mlflow.entities",
    "DatasetInput": "mlflow.entities",
    "InputTag": "mlflow.entities",
    "Metric": "mlflow.entities",
    "Param": "mlflow.entities",
    "Run": "mlflow.entities",
    "ViewType": "mlflow.entities",
    "ModelVersion": "mlflow.entities.model_registry",
    "MlflowException": "mlflow.exceptions",
    "SystemMetricsMonitor": "mlflow.system_metrics.system_metrics_monitor",
    "DatabaseError": "sqlalchemy.exc",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
