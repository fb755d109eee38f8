"""Audience lists: which customers a campaign is shown to, and why not the others."""

from optimization.ad_audiences.choose_audience import AUDIENCE_SCHEMA, AudienceSettings, check_customers, choose_audience

__all__ = ["AUDIENCE_SCHEMA", "AudienceSettings", "check_customers", "choose_audience"]
