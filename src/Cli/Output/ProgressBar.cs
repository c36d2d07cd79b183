using LatentDb.Client.Models;
using Spectre.Console;

namespace LatentDb.Cli.Output;

/// <summary>Shows how far long work is: bar, bytes, speed and time left, on standard error, so that standard output stays the answer.</summary>
internal static class ProgressBar
{
    /// <summary>Runs the work with a bar when somebody can see it, else without.</summary>
    public static async Task<T> RunAsync<T>(string what, AnswerWriter output, Func<IProgress<ByteProgress>?, Task<T>> work)
    {
        if (output.IsJson || Console.IsErrorRedirected) return await work(null).ConfigureAwait(false);
        return await OnErrors().Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(what));
                task.IsIndeterminate = true;
                T result = await work(new Bar(task)).ConfigureAwait(false);
                if (task.IsIndeterminate) task.MaxValue = Math.Max(1, task.Value);
                task.Value = task.MaxValue;
                task.StopTask();
                return result;
            }).ConfigureAwait(false);
    }

    /// <summary>Runs work of several stages with a bar each when somebody can see them, else without.</summary>
    public static async Task<T> RunStagesAsync<T>(AnswerWriter output, Func<IProgress<StoreProgress>?, Task<T>> work)
    {
        if (output.IsJson || Console.IsErrorRedirected) return await work(null).ConfigureAwait(false);
        return await OnErrors().Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new StageBars(context))).ConfigureAwait(false);
    }

    private static IAnsiConsole OnErrors() => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    private sealed class StageBars(ProgressContext context) : IProgress<StoreProgress>
    {
        private ProgressTask? _task;
        private string? _stage;

        public void Report(StoreProgress value)
        {
            if (_task is null || _stage != value.Stage)
            {
                if (_task is not null) _task.Value = _task.MaxValue;
                _task = context.AddTask(Markup.Escape(value.Stage));
                _stage = value.Stage;
            }

            _task.IsIndeterminate = value.Total is null;
            _task.MaxValue = Math.Max(1, Math.Max(value.Total ?? 0, value.Done));
            _task.Value = value.Done;
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<ByteProgress>
    {
        public void Report(ByteProgress value)
        {
            if (value.BytesTotal is { } total and > 0)
            {
                task.IsIndeterminate = false;
                task.MaxValue = Math.Max(total, value.BytesDone);
            }

            task.Value = value.BytesDone;
        }
    }
}
