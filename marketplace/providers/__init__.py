"""Providers: organisations and their licences, caregivers, kitchens, offers with published prices, standing."""
