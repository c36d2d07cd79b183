using Spectre.Console;
using Spectre.Console.Rendering;

namespace LatentDb.Cli.Output;

/// <summary>Shows how far a write of files is: file, share, tokens per second and time left, on standard error.</summary>
internal static class InjectProgress
{
    public static async Task<T> RunAsync<T>(AnswerWriter output, long totalBytes, Func<IProgress<InjectStep>?, Task<T>> work)
    {
        if (output.IsJson || Console.IsErrorRedirected) return await work(null).ConfigureAwait(false);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        var speed = new InjectSpeed(totalBytes);
        return await console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new SpeedColumn(speed))
            .StartAsync(async context =>
            {
                var bar = new Bar(context.AddTask("inject", maxValue: Math.Max(1, totalBytes)), speed);
                return await work(bar).ConfigureAwait(false);
            }).ConfigureAwait(false);
    }

    private sealed class Bar(ProgressTask task, InjectSpeed speed) : IProgress<InjectStep>
    {
        public void Report(InjectStep value)
        {
            speed.Add(value, task.ElapsedTime ?? TimeSpan.Zero);
            task.Description = Markup.Escape(value.File);
            task.Increment(value.Bytes);
        }
    }

    private sealed class SpeedColumn(InjectSpeed speed) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(speed.Line);
    }
}
