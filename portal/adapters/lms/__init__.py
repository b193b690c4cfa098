"""The learning management system: reads the results of courses and quizzes that its files report."""

from portal.adapters.lms.results import TrainingFile, TrainingRow
from portal.adapters.lms.training_files import read_training

__all__ = ["TrainingFile", "TrainingRow", "read_training"]
