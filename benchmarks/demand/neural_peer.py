"""GRU and LSTM of neuralforecast as peers: the raw panel, the library's own networks, what its documentation shows, nothing of ours.

One network for all items: input of 56 days, the coming 28 at once, weekday waves known ahead, windows scaled by mean and deviation, two
layers of 128 as in the documentation's example and its 200 steps (default 1,000: five times the CPU). Loss: squared error, by which the
benchmark judges; the library's default, absolute error, would forecast medians. Series shorter than a window are padded, as the library
offers.
"""

import logging
from typing import Any

import numpy as np
import polars as pl

from benchmarks.demand.panels import HORIZON
from benchmarks.demand.peers import SEED, Matrix, Task

NEURAL = ("GRU", "LSTM")
STEPS = 200
WAVES = ("sin", "cos")


def forecast_neural(method: str, given: Task, steps: int = STEPS) -> Matrix:
    """Items x horizon, in the order of the sorted keys."""
    import torch
    from neuralforecast import NeuralForecast, models
    from neuralforecast.losses.pytorch import MSE

    torch.set_num_threads(1)
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    network: Any = getattr(models, method)(
        h=HORIZON,
        input_size=2 * HORIZON,
        futr_exog_list=list(WAVES),
        loss=MSE(),
        scaler_type="standard",
        encoder_n_layers=2,
        encoder_hidden_size=128,
        decoder_hidden_size=128,
        decoder_layers=2,
        max_steps=steps,
        val_check_steps=steps,
        start_padding_enabled=True,
        random_seed=SEED,
        alias="value",
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    keys = given.keys.with_row_index("unique_id")
    past = given.past.join(keys, on=["product_id", "location_id"]).select("unique_id", ds="business_day", y="units")
    coming = keys.select("unique_id").join(pl.DataFrame({"ds": given.coming}), how="cross")
    engine = NeuralForecast(models=[network], freq="1d")
    engine.fit(_with_waves(past).sort("unique_id", "ds"))
    found = engine.predict(futr_df=_with_waves(coming)).sort("unique_id", "ds")
    return found["value"].to_numpy().reshape(keys.height, HORIZON).astype(np.float64)


def _with_waves(rows: pl.DataFrame) -> pl.DataFrame:
    angle = pl.col("ds").dt.weekday() * (2 * np.pi / 7)
    return rows.with_columns(sin=angle.sin(), cos=angle.cos())
