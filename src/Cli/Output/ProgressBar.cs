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
        IAnsiConsole errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await errors.Progress()
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
